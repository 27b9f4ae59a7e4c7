import { describe, expect, test } from 'vitest'
import { canonicalSymbol } from '../../src/select/aliases.ts'
import { classify } from '../../src/select/classify.ts'
import { marketCalendar } from '../../src/select/market-calendar.ts'

describe('another spelling of a symbol is the canonical one', () => {
  test.each([
    ['X:BTCUSD', 'BTC-USD'],
    ['BTC/USD', 'BTC-USD'],
    ['BTC-USD', 'BTC-USD'],
    ['BTC/USDT', 'BTCUSDT'],
    ['BTC-USDT', 'BTCUSDT'],
    ['X:BTCUSDT', 'BTCUSDT'],
    ['BTCUSDT', 'BTCUSDT'],
    ['BRK-B', 'BRK.B'],
    ['BRK/B', 'BRK.B'],
    ['BRK.B', 'BRK.B'],
    ['VOD.L', 'VOD.L'],
    ['7203.T', '7203.T'],
    ['^GSPC', '^GSPC'],
    ['I:SPX', '^GSPC'],
    ['EURUSD', 'EURUSD=X'],
    ['EUR/USD', 'EURUSD=X'],
    ['C:EURUSD', 'EURUSD=X'],
    ['EURUSD=X', 'EURUSD=X'],
    ['ES=F', 'ES=F'],
    ['ES.c.0', 'ES.c.0'],
    ['GOOGL', 'GOOGL'],
    ['BAC-PK', 'BAC-PK'],
  ])('%s -> %s', (given, canonical) => {
    expect(canonicalSymbol(given)).toBe(canonical)
    expect(canonicalSymbol(canonical)).toBe(canonical)
  })

  test('a currency and a token pegged to it stay apart', () => {
    expect(canonicalSymbol('BTC/USD')).not.toBe(canonicalSymbol('BTC/USDT'))
  })
})

describe('the kind of instrument by the shape of its symbol', () => {
  test.each([
    ['BTCUSDT', 'crypto', '24/7'],
    ['WUSDT', 'crypto', '24/7'],
    ['2222.SR', 'equity', 'weekdays'],
    ['ADAI', 'equity', 'XNYS'],
    ['BTC-USD', 'crypto', '24/7'],
    ['ETHBTC', 'crypto', '24/7'],
    ['AAPL', 'equity', 'XNYS'],
    ['BRK.B', 'equity', 'XNYS'],
    ['VOD.L', 'equity', 'XLON'],
    ['7203.T', 'equity', 'XTKS'],
    ['0700.HK', 'equity', 'XHKG'],
    ['SAP.DE', 'equity', 'XETR'],
    ['^GSPC', 'index', 'XNYS'],
    ['^FTSE', 'index', 'XLON'],
    ['EURUSD=X', 'forex', 'FX'],
    ['JPY=X', 'forex', 'FX'],
    ['ES=F', 'future', 'GLOBEX_EQ'],
    ['CL=F', 'future', 'NYMEX'],
    ['GC=F', 'future', 'CMES'],
    ['AAPL240119C00150000', 'option', 'XNYS'],
  ])('%s is %s and trades by %s', (symbol, assetClass, name) => {
    expect(classify(symbol).assetClass).toBe(assetClass)
    expect(marketCalendar(symbol, assetClass as 'equity')).toBe(name)
  })

  test('a listing trades by the calendar that the caller gives for its exchange', () => {
    expect(marketCalendar('BHP.AX', 'equity')).toBe('weekdays')
    expect(marketCalendar('BHP.AX', 'equity', (name) => name === 'XASX')).toBe('XASX')
  })
})
