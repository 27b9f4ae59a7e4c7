import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Page } from '../../src/contract/provider.ts'
import { readAs } from '../../src/providers/http/body.ts'
import { isScanned, scanChart } from '../../src/providers/yahoo-scan.ts'
import { yahoo } from '../../src/providers/index.ts'
import { HAVE_RECORDINGS, bodyOf, recordings } from '../msw/recordings.ts'
import { ask, at, listOf, range } from './asking.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** An answer with its columns as lists again. */
function plain(value: unknown): unknown {
  if (isScanned(value)) return listOf(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

/** Names under which columns stand. */
function columnNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => (isScanned(part) ? [name] : columnNames(part)))
}

const NAMES = ['open', 'high', 'low', 'close', 'volume'] as const
const META =
  '"meta":{"currency":"USD","exchangeTimezoneName":"America/New_York","longName":"AT\\u0026T \\"Inc.\\" é","validRanges":["1d"]}'
const QUOTE = '"open":[1.5],"high":[2],"low":[1],"close":[null],"volume":[10]'
const answerOf = (stamps: string, quote: string, more = ''): string =>
  `{"chart":{"result":[{${META},"timestamp":${stamps},"indicators":{"quote":[{${quote}}]${more}}}],"error":null}}`

describe('a chart read from its bytes', () => {
  it('is the parsed one, to the bit, whatever the lists hold', () => {
    const item = fc.oneof(
      {
        weight: 20,
        arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      },
      {
        weight: 20,
        arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      },
      { weight: 10, arbitrary: fc.constantFrom('null', '0', '-0', '1e400', '12345678901') },
      { weight: 1, arbitrary: fc.constantFrom('"1.5"', '{}', '[]', 'true', ' 1', '1 ', '01', '1.') },
    )
    const list = fc.array(item, { maxLength: 30 }).map((items) => `[${items.join(',')}]`)
    const lists = fc.tuple(list, list, list, list, list)
    const more = fc.oneof(
      fc.constant(''),
      list.map((values) => `,"adjclose":[{"adjclose":${values}}]`),
    )
    const stamps = fc.array(fc.integer(), { maxLength: 30 }).map((times) => JSON.stringify(times))
    fc.assert(
      fc.property(stamps, lists, more, (times, values, adjusted) => {
        const text = answerOf(times, NAMES.map((name, i) => `"${name}":${values[i]}`).join(','), adjusted)
        const [usual, scanned] = [
          readAs({ as: 'json' }, rawOf(text)),
          readAs({ as: 'json', scan: scanChart }, rawOf(text)),
        ]
        expect(plain(scanned.response.body)).toEqual(usual.response.body)
        expect(scanned.fault).toEqual(usual.fault)
      }),
      { numRuns: 300 },
    )
  })

  it('has columns for every list of numbers, and the rest as it is', () => {
    const text = answerOf('[1704153600]', QUOTE, ',"adjclose":[{"adjclose":[1.25]}]')
    expect(columnNames(scanChart(bytesOf(text)))).toEqual(['timestamp', ...NAMES, 'adjclose'])
    expect(plain(scanChart(bytesOf(text)))).toEqual(JSON.parse(text))
  })

  it('leaves a list of something else in place beside the columns', () => {
    const text = answerOf('[1]', QUOTE.replace('[2]', '["2"]'))
    expect(columnNames(scanChart(bytesOf(text)))).toEqual(['timestamp', 'open', 'low', 'close', 'volume'])
    expect(plain(scanChart(bytesOf(text)))).toEqual(JSON.parse(text))
  })

  it.each([
    ['no list', '{"chart":{"result":null,"error":{"code":"Not Found"}}}'],
    ['a time that is null', answerOf('[1,null]', QUOTE)],
    ['the same list twice', answerOf('[1]', `${QUOTE},"open":[9]`)],
    ['the times twice', answerOf('[1],"timestamp":[2]', QUOTE)],
    ['the chart twice', answerOf('[1]', QUOTE).replace(/\}$/, ',"chart":{"result":null}}')],
    ['a list of that name elsewhere', answerOf('[1]', QUOTE).replace('"validRanges"', '"volume":[1],"validRanges"')],
    ['two results', answerOf('[1]', QUOTE).replace('],"error"', `,{"timestamp":[2]}],"error"`)],
    ['lists in another envelope', `{"finance":{"result":[{"timestamp":[1]}]}}`],
    ['a mark of ours', answerOf('[1]', QUOTE.replace('[2]', '"cutoutvalue0"'))],
    ['a mark of ours in place of a list', answerOf('[1]', `${QUOTE},"open":"cutoutvalue1"`)],
    ['a mark of ours in escapes', answerOf('[1]', `${QUOTE},"open":"\\u0063utoutvalue1"`)],
    ['a mark of ours, its number in escapes', answerOf('[1]', `${QUOTE},"open":"cutoutvalue\\u0031"`)],
    ['a name that ends in a quote', '{"a\\"timestamp":[1]}'],
    ['nothing', ''],
    ['a web page', '<html>"open":[1]</html>'],
  ])('with %s is left to the ordinary way', (_, text) => {
    expect(scanChart(bytesOf(text))).toBeUndefined()
  })

  it.each([
    ['a quote too many', answerOf('[1]', QUOTE).replace('"timestamp"', '""timestamp"')],
    ['a comma too many', answerOf('[1]', QUOTE).replace('[1.5],', '[1.5],,')],
    ['text behind', `${answerOf('[1]', QUOTE)}x`],
    ['a mark of byte order behind a list', answerOf('[1]', QUOTE).replace('[1.5],', '[1.5]\ufeff,')],
    ['a control character', answerOf('[1]', QUOTE).replace('[1.5],', '[1.5]\u0001,')],
    ['a zero in front', answerOf('[1]', QUOTE).replace('1.5', '01.5')],
    ['a list that stands bare', '{"chart":"open":[1]}'],
  ])('with %s is refused as before', (_, text) => {
    expect(() => JSON.parse(text) as unknown).toThrow()
    const [usual, scanned] = [readAs({ as: 'json' }, rawOf(text)), readAs({ as: 'json', scan: scanChart }, rawOf(text))]
    expect(scanned).toEqual(usual)
    expect(scanned.fault?.code).toMatch(/^provider\/(response|truncated)$/)
  })

  it('broken off anywhere is left to the ordinary way', () => {
    const whole = bytesOf(answerOf('[1]', QUOTE))
    for (let length = 0; length < whole.length; length++) expect(scanChart(whole.subarray(0, length))).toBeUndefined()
  })

  it('changed in any one byte is what JSON.parse makes of it, or nothing', () => {
    const whole = bytesOf(answerOf('[1,2]', '"open":[1.5,-2],"close":[null,180.91900634765625]'))
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.oneof(fc.constantFrom(...bytesOf('[]{}",:\\09e. ')), fc.nat(255)),
        (place, byte) => {
          const changed = whole.slice()
          changed[place] = byte
          const scanned = scanChart(changed)
          if (scanned !== undefined) expect(plain(scanned)).toEqual(JSON.parse(new TextDecoder().decode(changed)))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function rawOf(text: string): { status: number; headers: Record<string, string>; body: Uint8Array } {
  return { status: 200, headers: {}, body: bytesOf(text) }
}

describe('the provider', () => {
  const BROKEN: readonly (readonly [string, string])[] = [
    ['a list that is too short', answerOf('[1704153600,1704240000]', QUOTE)],
    ['a time that is null', answerOf('[1704153600,null]', QUOTE)],
    ['a time beyond numbers', answerOf('[1e400]', QUOTE)],
    ['times in milliseconds', answerOf('[1704153600000]', QUOTE)],
    ['no times', answerOf('{}', QUOTE)],
  ]
  const asked = range('2024-01-01', '2024-01-05')
  const askedWith = async (text: string): Promise<unknown> => {
    const series = { schema: 'ohlcv', symbol: 'AAPL', interval: '1d' } as const
    const answer = (): Response => new Response(text, { headers: { 'content-type': 'application/json' } })
    return ask(yahoo(), series, asked, answer, at('2027-01-01')).catch((error: unknown) => error)
  }
  /** The same JSON in other words, which the scanner does not read. */
  const spaced = (text: string): string => text.replaceAll(':[', ': [')

  it.each(BROKEN)('gives the same failure for %s, however it was read', async (_, text) => {
    const [scanned, usual] = [await askedWith(text), await askedWith(spaced(text))]
    expect(scanned).toMatchObject({ provider: 'yahoo', code: expect.stringMatching(/^provider\//) as unknown })
    expect([String(scanned), scanned]).toEqual([String(usual), usual])
  })

  it('gives the same page, however it was read', async () => {
    const text = answerOf('[1704205800,1704292200]', NAMES.map((name, i) => `"${name}":[${i}.5,null]`).join(','))
    expect(scanChart(bytesOf(spaced(text)))).toBeUndefined()
    const [scanned, usual] = (await Promise.all([askedWith(text), askedWith(spaced(text))])) as { pages: Page[] }[]
    expect(scanned?.pages[0]?.columns.timestamp.length).toBe(2)
    expect(scanned?.pages).toEqual(usual?.pages)
  })

  it.skipIf(!HAVE_RECORDINGS)('reads every recording that has lists from its bytes, as the parsed one', () => {
    let read = 0
    for (const entry of recordings(({ api, file }) => api === 'v8/chart' && !/error|EMPTY|notimestamp/.test(file))) {
      const scanned = scanChart(bodyOf(entry))
      const text = new TextDecoder().decode(bodyOf(entry))
      // Those that a person has laid out have spaces; a day without trades has no lists.
      if (!/"timestamp":\[\d/.test(text)) continue
      expect(plain(scanned), entry.file).toEqual(JSON.parse(text))
      read++
    }
    expect(read).toBeGreaterThan(10)
  })
})
