import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { klineColumns, klineRows } from '../../src/providers/binance-klines.ts'
import { decimalOf } from '../../src/providers/columns.ts'
import { scanKlines } from '../../src/providers/kline-scan.ts'
import { HAVE_RECORDINGS, bodyOf, jsonOf, recordings } from '../msw/recordings.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
/** Nonsense of the ordinary way, or what it gives. */
const ordinary = (text: string): unknown => {
  try {
    return klineColumns(klineRows(JSON.parse(text)))
  } catch {
    return undefined
  }
}

const DECIMAL = fc.oneof(
  fc
    .tuple(
      fc.boolean(),
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
      fc.nat({ max: 12 }),
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
    )
    .map(
      ([minus, whole, places, digits]) =>
        `${minus ? '-' : ''}${whole}${places === 0 ? '' : `.${String(digits).padStart(places, '0').slice(0, places)}`}`,
    ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)

describe('decimalOf', () => {
  it('reads every text as Number does, to the bit, but no other base than ten', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          DECIMAL,
          fc.string({ maxLength: 6 }),
          fc.constantFrom(
            '1.',
            '.5',
            '',
            '-',
            '1e5',
            '0x10',
            ' 1 ',
            '+1',
            '1_0',
            '00012.50',
            '-0',
            '-0.0',
            '9007199254740993',
            '123456789.123456789',
          ),
        ),
        (text) => {
          expect(decimalOf(text)).toBe(/[xob]/i.test(text) ? Number.NaN : Number(text))
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('scanKlines', () => {
  it('gives to the bit what JSON.parse and Number give', () => {
    const row = fc.tuple(
      fc.integer({ min: 1, max: 2 ** 42 }),
      DECIMAL,
      DECIMAL,
      DECIMAL,
      DECIMAL,
      DECIMAL,
      fc.integer({ min: 1, max: 2 ** 42 }),
      DECIMAL,
      fc.nat(),
      DECIMAL,
      DECIMAL,
      fc.constant('0'),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const text = JSON.stringify(rows)
        const scanned = scanKlines(bytesOf(text))
        if (scanned !== undefined) expect(scanned).toEqual(ordinary(text))
      }),
      { numRuns: 500 },
    )
  })

  it('never reads a broken text as anything but what it says', () => {
    const whole = JSON.stringify([
      [1, '1.5', '2', '0.5', '1.25', '10', 2, '15', 7, '5', '7.5', '0'],
      [3, '1.5', '2', '0.5', '1.25', '10', 4, '15', 7, '5', '7.5', '0'],
    ])
    fc.assert(
      fc.property(
        fc.nat({ max: whole.length - 1 }),
        fc.constantFrom('', ' ', '0', '-', '.', '"', ',', '[', ']', 'e', 'x', '1e400', 'null'),
        fc.nat({ max: 3 }),
        (at, put, cut) => {
          const text = whole.slice(0, at) + put + whole.slice(at + cut)
          const scanned = scanKlines(bytesOf(text))
          if (scanned !== undefined) expect(scanned).toEqual(ordinary(text))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it.each([
    '',
    '[]]',
    '{"code":-1121}',
    '<html>',
    '[[1]]',
    '[[01,"1","1","1","1","1",1,"1",1,"1","1","0"]]',
    '[["1704153600000","1.25000000","1.25000000","1.25000000","1.25000000","1.25000000",1,"1",1,"1","1","0"]]',
    '[[1704153600000,01.25000000,"1.25000000","1.25000000","1.25000000","1.25000000",1,"1",1,"1","1","0"]]',
    '[[1704153600000,"1.25000000","1.25000000","1.25000000","1.25000000","1.25000000",1,"1",1,"1","1","0"]]\ufeff',
    '[ ]',
    '[[]]',
    '[1,2]',
  ])('leaves %s to the ordinary way', (text) => {
    expect(scanKlines(bytesOf(text))).toBeUndefined()
  })

  it('reads an empty page', () => {
    expect(scanKlines(bytesOf('[]'))?.timestamp).toEqual(new Float64Array(0))
  })

  it.skipIf(!HAVE_RECORDINGS)('reads recorded pages as they are', () => {
    const pages = recordings(({ file }) => /klines_/.test(file) && file.startsWith('binance-'))
    expect(pages.length).toBeGreaterThan(8)
    const read = pages.filter((page) => {
      const scanned = scanKlines(bodyOf(page))
      if (scanned !== undefined) expect(scanned, page.file).toEqual(klineColumns(klineRows(jsonOf(page))))
      return scanned !== undefined
    })
    // Some were written again by the project that recorded them, with spaces.
    expect(read.length).toBeGreaterThan(4)
  })
})
