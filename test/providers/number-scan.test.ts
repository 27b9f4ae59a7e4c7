import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanNumbers } from '../../src/providers/number-scan.ts'
import { listOf } from './asking.ts'

// Long enough that the last number is read like the others.
const AFTER = '}                '
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What the scanner makes of the list that stands here, in front of other text and at the very end. */
function scanned(list: string): readonly (number | null)[] | undefined {
  const [inside, last] = [list + AFTER, list].map((text) => scanNumbers(bytesOf(text), 1, 4))
  expect(last === undefined).toBe(inside === undefined)
  if (inside === undefined || last === undefined) return undefined
  const values = listOf(inside.column) as (number | null)[]
  expect(inside.end).toBe(list.length)
  expect(listOf(last.column)).toEqual(values)
  return values
}

function parsed(list: string): unknown {
  try {
    return JSON.parse(list) as unknown
  } catch {
    return undefined
  }
}

/** The bits of both are the same: `toEqual` tells -0 from 0. */
const expectSame = (texts: readonly string[]): void => {
  const list = `[${texts.join(',')}]`
  expect(scanned(list)).toEqual(JSON.parse(list))
}

const SCRATCH = new DataView(new ArrayBuffer(8))
/** The double after a positive one. */
function next(value: number): number {
  SCRATCH.setFloat64(0, value)
  SCRATCH.setBigUint64(0, SCRATCH.getBigUint64(0) + 1n)
  return SCRATCH.getFloat64(0)
}

/** `places` digits after the point of a value that is `of / 2 ** bits`, cut. */
function decimal(of: bigint, bits: bigint, places: number): string {
  const digits = ((of * 10n ** BigInt(places)) >> bits).toString().padStart(places + 1, '0')
  return `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`
}

const digits = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(''))
const whole = fc.oneof(
  fc.constant('0'),
  digits(20).map((text) => text.replace(/^0+(?=.)/, '')),
)
const sign = fc.constantFrom('', '', '-')
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.double({ min: 1e-6, max: 1e7, noNaN: true }).map(String),
  fc.float({ min: 0.5, max: 2 ** 20, noNaN: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc.tuple(sign, whole).map((parts) => parts.join('')),
  fc.tuple(sign, whole, fc.constant('.'), digits(40)).map((parts) => parts.join('')),
  fc.tuple(sign, whole, fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), digits(3)).map((parts) => parts.join('')),
  fc.tuple(sign, whole, fc.constant('.'), digits(19), fc.constantFrom('e', 'E-'), digits(3)).map((p) => p.join('')),
  fc.constantFrom('null', '0', '-0', '-0.0', '0.0', '1e400', '-1e400', '5e-324', '2.2250738585072011e-308'),
)

describe('a list of numbers read from its bytes', () => {
  it('is the parsed one, to the bit', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 40 }), (texts) => expectSame(texts)),
      { numRuns: 400 },
    )
  })

  it('rounds sixteen to nineteen digits as the platform does', () => {
    const long = fc
      .tuple(fc.bigInt({ min: 10n ** 14n, max: 10n ** 19n }), fc.integer({ min: 1, max: 18 }))
      .map(([value, places]) =>
        value
          .toString()
          .replace(new RegExp(`(\\d{${places}})$`), '.$1')
          .replace(/^\./, '0.'),
      )
    fc.assert(
      fc.property(fc.array(long, { minLength: 50, maxLength: 100 }), (texts) => expectSame(texts)),
      { numRuns: 200 },
    )
  })

  it('rounds what lies on, or a digit beside, the middle of two doubles as the platform does', () => {
    const middle = fc
      .tuple(
        fc.double({ min: 1e-3, max: 1e8, noNaN: true }),
        fc.integer({ min: 10, max: 17 }),
        fc.constantFrom(-1n, 0n, 1n),
      )
      .map(([value, places, beside]) => {
        // Both are whole numbers of 2^-80, so their middle is one of 2^-81.
        const units = (double: number): bigint => {
          const scaled = double * 2 ** 62
          return BigInt(scaled) << 18n
        }
        const text = decimal(units(value) + units(next(value)), 81n, places)
        const shifted = (BigInt(text.replace('.', '')) + beside).toString().padStart(places + 1, '0')
        return `${shifted.slice(0, -places)}.${shifted.slice(-places)}`
      })
    fc.assert(
      fc.property(fc.array(middle, { minLength: 20, maxLength: 50 }), (texts) => expectSame(texts)),
      { numRuns: 300 },
    )
  })

  it('knows halves of the last bit that have an exact decimal', () => {
    const halves = fc
      .bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n })
      .chain((mantissa) => fc.integer({ min: 0, max: 6 }).map((bits) => ({ mantissa, bits })))
      .map(({ mantissa, bits }) => {
        // An odd number of 54 bits over a power of two lies between two doubles.
        const odd = 2n * mantissa + 1n
        return decimal(odd, BigInt(bits), Math.max(1, bits))
      })
    fc.assert(fc.property(fc.array(halves, { minLength: 20 }), (texts) => expectSame(texts)))
  })

  it('takes or leaves what JSON.parse takes or refuses, whatever the bytes', () => {
    const part = fc.constantFrom(
      ...'0123456789',
      '-',
      '.',
      ',',
      'e',
      '+',
      'null',
      '00',
      '1.5',
      ']',
      '[',
      '"',
      ' ',
      'nul',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const list = `[${parts.join('')}]`
        const result = scanNumbers(bytesOf(list + AFTER), 1, 4)
        // The list may end before its text does; what follows is for the reader of the rest.
        if (result !== undefined) expect(listOf(result.column)).toEqual(parsed(list.slice(0, result.end)))
        else if (/^\[[-0-9.,eE+nul]*\]$/.test(list)) expect(parsed(list)).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    '01',
    '-01',
    '00',
    '-',
    '+1',
    '.5',
    '1.',
    '-.5',
    '1.e5',
    '1e',
    '1e+',
    '0x10',
    '1_0',
    'NaN',
    'Infinity',
    '-null',
    'nul',
    'nulll',
    'true',
    '"1"',
    '{}',
    '[1]',
    '1,',
    ',1',
    '1,,2',
    '1 ',
    ' 1',
    '1\n',
    '1\u00a0',
    '12345678901234567890.',
    '1.23456789012.3',
    '0123456789012.5',
    '1.5.5',
    '180.91900634765x',
  ])('leaves %j to the ordinary way', (text) => {
    expect(scanned(`[${text}]`)).toBeUndefined()
    expect(scanned(`[1.5,${text}]`)).toBeUndefined()
  })

  it('grows beyond what was expected, and keeps every null in its row', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i % 7 === 3 ? null : i / 8))
    expect(scanned(JSON.stringify(values))).toEqual(values)
    expect(scanned('[]')).toEqual([])
    expect(scanned('[null]')).toEqual([null])
  })

  it('broken off anywhere is left to the ordinary way', () => {
    const whole = '[180.9190063476562,null,-0.5,1e5,1704153600,180.91900634765625]'
    for (let length = 0; length < whole.length; length++)
      expect(scanNumbers(bytesOf(whole.slice(0, length)), 1, 4)).toBeUndefined()
  })
})
