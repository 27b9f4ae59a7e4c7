/**
 * Does Alpaca know a symbol? Its list of instruments is kept on another host, for other keys; its newest day tells.
 * Source: https://docs.alpaca.markets/reference/stockbarsingle, /cryptobars
 * @module
 */
import { DAY_MS } from '../contract/time.ts'
import { ALPACA_HISTORY_START_MS, type AlpacaOptions, alpacaHeaders } from './alpaca-account.ts'
import { rowsOf } from './alpaca-rows.ts'
import { objectAt } from './answer.ts'
import type { SymbolQuestion } from './known-symbol.ts'
import { dayText } from './stamps.ts'

/** Asks for the newest day of all that the source has of a symbol. */
export const ALPACA_QUESTION: SymbolQuestion<AlpacaOptions> = {
  toRequest({ baseUrl, symbol, options, keys, nowMs }) {
    const isCrypto = symbol.includes('/')
    const query = new URLSearchParams({
      ...(isCrypto ? { symbols: symbol } : { feed: options.feed ?? 'sip' }),
      timeframe: '1Day',
      start: dayText(ALPACA_HISTORY_START_MS),
      // No plan hides a day that is over; an answer is kept for as long as none is added.
      end: dayText(nowMs - DAY_MS),
      limit: '1',
      sort: 'desc',
    })
    const path = isCrypto ? 'v1beta3/crypto/us/bars' : `v2/stocks/${encodeURIComponent(symbol)}/bars`
    return { url: `${baseUrl}/${path}?${query}`, headers: alpacaHeaders(keys), as: 'json', cacheable: true }
  },
  read(body, { symbol }) {
    const answer = objectAt(body, 'answer')
    if (rowsOf(answer['bars'], symbol).length > 0) return 'known'
    // Of shares one is asked for by name, which the answer repeats; coins come as a list, and an empty one says nothing.
    return answer['symbol'] === symbol ? 'unknown' : 'unclear'
  },
}
