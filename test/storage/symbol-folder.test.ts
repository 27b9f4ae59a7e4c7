import { win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { folderOfSymbol, symbolOfFolder } from '../../src/storage/local/symbol-folder.ts'

const letters = [...'abcABCzZkKsS.~%_-=^/\\: 0149$é株🚀ſK']
const near = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 12 }).map((chars) => chars.join(''))
const any = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const device = fc.constantFrom('con', 'CON', 'Nul', 'aux.txt', 'COM1', 'lpt9.a.b', 'CLOCK$', 'conin$', 'prn.')
const symbol = fc.oneof(near, any, device)

describe('folders of symbols', () => {
  test('ordinary symbols stay readable', () => {
    const names = ['AAPL', 'BRK.B', 'BTC-USD', 'ES.c.0', 'aapl', 'VOD.L', '^GSPC', 'ES=F', 'brkB'].map(folderOfSymbol)
    expect(names).toEqual(['AAPL', 'BRK.B', 'BTC-USD', 'ES.c.0~4', 'aapl~', 'VOD.L', '%5EGSPC', 'ES%3DF', 'brkB~7'])
  })

  test('every name is read back as its symbol', () => {
    fc.assert(
      fc.property(symbol, (text) => symbolOfFolder(folderOfSymbol(text)) === text),
      { numRuns: 5_000 },
    )
  })

  test('two symbols never share a name, even where a file system ignores case', () => {
    const fold = (text: string): string => folderOfSymbol(text).toUpperCase().toLowerCase()
    fc.assert(
      fc.property(symbol, symbol, (a, b) => a === b || fold(a) !== fold(b)),
      { numRuns: 20_000 },
    )
    const cases = ['abc', 'Abc', 'aBc', 'abC', 'ABc', 'AbC', 'aBC', 'ABC']
    expect(new Set(cases.map(fold)).size).toBe(cases.length)
  })

  test('a name is one harmless component of a path on every platform', () => {
    fc.assert(
      fc.property(symbol, (text) => {
        const name = folderOfSymbol(text)
        expect(name).toMatch(/^[A-Za-z0-9._~%-]+$/)
        expect(name).not.toMatch(/^\.|[. ]$/)
        expect(name).not.toMatch(/^(con|prn|aux|nul|clock\$|conin\$|conout\$|com\d|lpt\d)(\.|$)/i)
        expect(win32.resolve('C:\\root', name)).toBe(`C:\\root\\${name}`)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a name that was never written is no symbol', () => {
    for (const name of ['', '.', '..', '%2e', '%41', 'aapl', 'AAPL~', 'AAPL~0', 'aapl~f', 'a b', 'x~', '%FF'].filter(
      (n) => n !== 'x~',
    )) {
      expect(symbolOfFolder(name), name).toBeNull()
    }
    fc.assert(
      fc.property(fc.oneof(near, any), (name) => {
        const found = symbolOfFolder(name)
        return found === null || folderOfSymbol(found) === name
      }),
      { numRuns: 5_000 },
    )
  })

  test('64 letters fit, and a symbol that cannot fit is refused', () => {
    expect(folderOfSymbol('aB'.repeat(32)).length).toBeLessThan(100)
    expect(() => folderOfSymbol('株'.repeat(64))).toThrow(
      expect.objectContaining({ code: 'config/symbol', field: 'symbol' }),
    )
  })
})
