import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Aggregates, aggregatesOf, scanAnswer } from '../../src/providers/polygon-scan.ts'
import { HAVE_RECORDINGS, bodyOf, recordings } from '../msw/recordings.ts'
import { listOf } from './asking.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const shown = ({ t, values }: Aggregates): unknown => ({
  t: [...t],
  ...Object.fromEntries(Object.entries(values).map(([name, column]) => [name, listOf(column)])),
})

/** Both ways of reading one answer. */
const bothOf = (text: string): { scanned: unknown; parsed: unknown } | null => {
  const answer = scanAnswer(bytesOf(text)) as Record<string, unknown> | undefined
  if (answer === undefined) return null
  const whole = JSON.parse(text) as Record<string, unknown>
  const read = (one: Record<string, unknown>): unknown => ({ ...one, results: shown(aggregatesOf(one['results'])) })
  return { scanned: read(answer), parsed: read(whole) }
}

const NAMES = ['v', 'vw', 'o', 'c', 'h', 'l', 't', 'n']

describe('an answer read from its bytes', () => {
  it('is the parsed one, to the bit, whatever the numbers and the spaces', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc.integer({ min: -1_000_000, max: 2_000_000_000 }).map(String),
      fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 9999 })).map(([a, b]) => `${a}.${b}`),
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(99_999_999), fc.integer({ min: -30, max: 30 }))
        .map(([a, b, e]) => `${a}.${b}e${e < 0 ? '-' : '+'}${Math.abs(e)}`),
      fc.constantFrom('0', '-0', '1E5', '1e400', '123456789012345678', '0.1', '9007199254740993', '1.12117471e+08'),
    )
    const gap = fc.constantFrom('', '', ' ', '\n  ', '\r\n\t')
    const row = fc.tuple(fc.dictionary(fc.constantFrom(...NAMES), number, { minKeys: 1 }), gap).map(
      ([fields, space]) =>
        `{${Object.entries(fields)
          .map(([name, value]) => `${space}"${name}"${space}:${space}${value}${space}`)
          .join(',')}}`,
    )
    fc.assert(
      fc.property(fc.array(row), gap, (rows, space) => {
        const text = `{"ticker":"AAPL","resultsCount":${rows.length},"results":${space}[${space}${rows.join(`${space},${space}`)}${space}],"status":"OK","next_url":"https://api.polygon.io/x?cursor=a"}`
        const both = bothOf(text)
        expect(both).not.toBeNull()
        expect(both!.scanned).toEqual(both!.parsed)
      }),
    )
  })

  it('grows with rows that are shorter than usual', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `{"t":${i}}`)
    const both = bothOf(`{"results":[${rows.join()}],"status":"OK"}`)
    expect(both!.scanned).toEqual(both!.parsed)
  })

  it.each([
    ['a field that is not known', '{"results":[{"t":1,"otc":true}],"status":"OK"}'],
    ['a null', '{"results":[{"t":1,"o":null}],"status":"OK"}'],
    ['a number as text', '{"results":[{"t":1,"o":"1.5"}],"status":"OK"}'],
    ['a row that is no object', '{"results":[1],"status":"OK"}'],
    ['no list', '{"results":{"t":1},"status":"OK"}'],
    ['no results', '{"resultsCount":0,"status":"OK"}'],
    ['a number without digits', '{"results":[{"t":-}],"status":"OK"}'],
    ['a point without digits', '{"results":[{"t":1.}],"status":"OK"}'],
    ['a power without digits', '{"results":[{"t":1e}],"status":"OK"}'],
    ['an end too early', '{"results":[{"t":1},{"t":2'],
    ['an end after the list', '{"results":[{"t":1}]'],
    ['a comma too many', '{"results":[{"t":1},],"status":"OK"}'],
    ['a zero in front of a number', '{"results":[{"t":01}],"status":"OK"}'],
    ['a control character for a space', '{"results":[{"t":\u00011}],"status":"OK"}'],
    ['a mark of byte order behind the list', '{"results":[{"t":1}]\ufeff,"status":"OK"}'],
    ['the list in another part', '{"about":{"results":[{"t":1}]},"status":"OK"}'],
    ['the list in a list', '[{"results":[{"t":1}]}]'],
    ['results twice', '{"results":[{"t":1}],"results":[{"t":2}]}'],
    ['a name that ends in a quote', '{"no\\"results":[{"t":1}],"status":"OK"}'],
    ['a mark of ours', '{"results":[{"t":1}],"status":"OK","results":"cutoutvalue0"}'],
    ['a mark of ours in escapes', '{"results":[{"t":1}],"status":"OK","results":"\\u0063utoutvalue0"}'],
    ['nothing', ''],
    ['a web page', '<html>"results":[</html>'],
  ])('with %s is left to the ordinary way', (_, text) => {
    expect(scanAnswer(bytesOf(text))).toBeUndefined()
  })

  it('broken off anywhere is left to the ordinary way', () => {
    const whole = '{"results":[{"v":1.5e+08,"vw":-0.25,"t":1704153600000},{"t":2}],"status":"OK"}'
    for (let length = 0; length < whole.length; length++)
      expect(scanAnswer(bytesOf(whole.slice(0, length)))).toBeUndefined()
  })

  it.skipIf(!HAVE_RECORDINGS)('is the parsed one of every recording', () => {
    for (const entry of recordings(({ file }) => file.startsWith('polygon/aggs_AAPL'))) {
      const both = bothOf(new TextDecoder().decode(bodyOf(entry)))
      expect(both!.scanned).toEqual(both!.parsed)
    }
  })
})
