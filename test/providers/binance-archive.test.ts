import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { planSegments } from '../../src/providers/binance-archive-plan.ts'
import { archiveRows } from '../../src/providers/binance-archive-rows.ts'
import { binanceArchive } from '../../src/providers/index.ts'
import { unzipOne } from '../../src/providers/zip.ts'
import { HAVE_RECORDINGS, bodyOf, recordings } from '../msw/recordings.ts'
import { type Answer, ask, at, range, rowsOf } from './asking.ts'
import { clientOf } from './recorded-by-client.ts'
import { zipOf } from './zip-file.ts'

const NOW = at('2024-03-20T12:00Z')
const MINUTE = 60_000

describe('the plan', () => {
  const parts = (start: string, end: string, interval: '1m' | '1s' | '1d' = '1m') =>
    planSegments(range(start, end), interval, NOW, 1000).map(
      ({ kind, startMs, endMs }) =>
        `${kind} ${new Date(startMs).toISOString().slice(0, 10)} ${new Date(endMs).toISOString().slice(0, 10)}`,
    )

  it('takes months that are filed, then days, then the exchange', () => {
    expect(parts('2024-01-10', '2024-03-20')).toEqual([
      'monthly 2024-01-10 2024-02-01',
      'monthly 2024-02-01 2024-03-01',
      ...Array.from(
        { length: 18 },
        (_, i) => `daily 2024-03-${String(i + 1).padStart(2, '0')} 2024-03-${String(i + 2).padStart(2, '0')}`,
      ),
      'rest 2024-03-19 2024-03-20',
    ])
  })

  it('asks the exchange for little, for days, and never for a month of seconds', () => {
    expect(parts('2024-01-10', '2024-01-11')).toEqual(['rest 2024-01-10 2024-01-11'])
    expect(parts('2010-01-01', '2024-01-01', '1d')).toEqual(['rest 2010-01-01 2024-01-01'])
    expect(parts('2024-01-10', '2024-01-12', '1s')).toEqual([
      'daily 2024-01-10 2024-01-11',
      'daily 2024-01-11 2024-01-12',
    ])
  })

  it('covers every range exactly once', () => {
    for (const days of [1, 3, 31, 70, 400]) {
      const wanted = { startMs: NOW - days * 86_400_000 + 12_345 * MINUTE, endMs: NOW - 7 * MINUTE }
      if (wanted.startMs >= wanted.endMs) continue
      const segments = planSegments(wanted, '1m', NOW, 1000)
      expect(segments[0]!.startMs).toBe(wanted.startMs)
      expect(segments.at(-1)!.endMs).toBe(wanted.endMs)
      for (let i = 1; i < segments.length; i++) expect(segments[i]!.startMs).toBe(segments[i - 1]!.endMs)
    }
  })
})

describe('rows of a file', () => {
  it.skipIf(!HAVE_RECORDINGS)('are read with a header and without, as published', () => {
    const files = recordings(({ provider }) => provider === 'binance-vision')
    expect(files.map(({ file }) => file).toSorted()).toEqual([
      'binance-vision/BTCUSDT-1h-2020-09.um.noheader.csv',
      'binance-vision/BTCUSDT-1h-2025-06.um.header.csv',
    ])
    const [old, fresh] = files
      .toSorted((a, b) => (a.file < b.file ? -1 : 1))
      .map((file) => archiveRows(new TextDecoder().decode(bodyOf(file))))
    expect(old!.map(([openMs, open, , , , volume]) => [openMs, open, volume])).toEqual([
      [1598918400000, '11658.11', '15015.299'],
      [1598922000000, '11618.27', '4410.780'],
    ])
    expect(fresh!.map(([openMs, open]) => [openMs, open])).toEqual([[1748736000000, '104544.60']])
  })

  it('count microseconds since 2025 and milliseconds before', () => {
    const row = (stamp: string): string => `${stamp},1,2,0.5,1.5,10,0,15,7,5,7.5,0`
    expect(archiveRows(`${row('1735689600000000')}\n`)[0]![0]).toBe(at('2025-01-01'))
    expect(archiveRows(row('1735689600000'))[0]![0]).toBe(at('2025-01-01'))
    expect(archiveRows('')).toEqual([])
  })

  it.each(['not a csv', '<html>', '1735689600000,1,2', 'x,1,2,0.5,1.5,10,0,15,7,5,7.5,0'])(
    'are refused: %s',
    (text) => {
      expect(() => archiveRows(text)).toThrow(expect.objectContaining({ code: 'provider/response' }))
    },
  )
})

const csvOf = (startMs: number, endMs: number, perMs = 1): string => {
  const lines: string[] = []
  for (let ms = startMs; ms < endMs; ms += MINUTE)
    lines.push(`${ms * perMs},1,2,0.5,1.5,10,${ms + 59_999},15,7,5,7.5,0`)
  return lines.join('\n')
}

/** The archive and the exchange: months and days that are listed are filed. */
function vendor(filed: (name: string) => boolean): Answer & { asked: string[] } {
  const asked: string[] = []
  const answer: Answer = async (url) => {
    asked.push(url.pathname)
    if (url.host === 'api.binance.com') {
      const [startMs, endMs] = [Number(url.searchParams.get('startTime')), Number(url.searchParams.get('endTime'))]
      const rows: unknown[] = []
      for (let ms = Math.ceil(startMs / MINUTE) * MINUTE; ms <= endMs && rows.length < 1000; ms += MINUTE)
        rows.push([ms, '1', '2', '0.5', '1.5', '10', 0, '15', 7, '5', '7.5', '0'])
      return Response.json(rows)
    }
    const name = /BTCUSDT-1m-([\d-]+)\.zip$/.exec(url.pathname)?.[1] ?? ''
    if (!filed(name)) return new Response('<Error><Code>NoSuchKey</Code></Error>', { status: 404 })
    const startMs = at(name)
    const endMs =
      name.length === 7 ? new Date(startMs).setUTCMonth(new Date(startMs).getUTCMonth() + 1) : startMs + 86_400_000
    return new Response(await zipOf(csvOf(startMs, endMs, startMs >= at('2025-01-01') ? 1000 : 1)))
  }
  return Object.assign(answer, { asked })
}

describe('a long range', () => {
  const series = { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const
  const wanted = range('2024-01-30', '2024-03-03T06:00Z')

  it('comes from files and the exchange, every minute once', async () => {
    const answer = vendor(() => true)
    const { pages } = await ask(binanceArchive(), series, wanted, answer, at('2024-03-04T00:00Z'))
    expect(pages.flatMap((page) => rowsOf(page)).length).toBe((wanted.endMs - wanted.startMs) / MINUTE)
    expect(pages.map(({ proven }) => proven.startMs).slice(1)).toEqual(
      pages.map(({ proven }) => proven.endMs).slice(0, -1),
    )
    expect(answer.asked).toEqual([
      '/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip',
      '/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip.CHECKSUM',
      ...Array.from(
        { length: 29 },
        (_, i) => `/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-${String(i + 1).padStart(2, '0')}.zip`,
      ),
      '/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip',
      '/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-02.zip',
      '/api/v3/klines',
    ])
  })

  it('asks the exchange where a file is missing', async () => {
    const answer = vendor((name) => name !== '2024-02')
    const { pages } = await ask(binanceArchive(), series, wanted, answer, at('2024-05-01'))
    expect(pages.flatMap((page) => rowsOf(page)).length).toBe((wanted.endMs - wanted.startMs) / MINUTE)
    expect(answer.asked.filter((path) => path === '/api/v3/klines').length).toBe(Math.ceil((29 * 1440) / 1000))
  })

  it('reads microseconds', async () => {
    const { pages } = await ask(
      binanceArchive(),
      series,
      range('2025-01-01', '2025-01-04'),
      vendor(() => true),
      at('2025-06-01'),
    )
    expect(rowsOf(pages[0]!).length).toBe(3 * 1440)
    expect(rowsOf(pages[0]!)[0]).toMatchObject({ time: '2025-01-01T00:00:00.000Z', close: 1.5, trade_count: 7 })
  })

  it('refuses an archive that is cut or full of something else', async () => {
    const whole = await zipOf(csvOf(at('2024-01-01'), at('2024-02-01')))
    for (const [body, code] of [
      [whole.slice(0, 1000), 'provider/truncated'],
      [new TextEncoder().encode('<html>'), 'provider/truncated'],
      [await zipOf('hello'), 'provider/response'],
    ] as const) {
      await expect(
        ask(binanceArchive(), series, range('2024-01-01', '2024-02-01'), () => new Response(body), at('2024-05-01')),
      ).rejects.toMatchObject({ code })
    }
  })

  it('takes the futures from their own place, as a source of its own', async () => {
    const paths: string[] = []
    const provider = binanceArchive({ market: 'um' })
    await ask(
      provider,
      series,
      range('2024-01-01', '2024-02-01'),
      async (url) => (paths.push(url.pathname), new Response(await zipOf(csvOf(at('2024-01-01'), at('2024-02-01'))))),
      at('2024-05-01'),
    )
    expect(provider.name).toBe('binance-archive-um')
    expect(paths).toEqual([
      '/data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip',
      '/data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip.CHECKSUM',
    ])
    expect(() => binanceArchive({ market: 'cm' as never })).toThrow(expect.objectContaining({ code: 'config/option' }))
  })
})

describe('the checksum beside a month', () => {
  const month = range('2024-01-01', '2024-02-01')
  const series = { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const
  const query = { symbol: 'BTCUSDT', interval: '1m', start: '2024-01-01', end: '2024-02-01' } as const
  const NAME = 'BTCUSDT-1m-2024-01.zip'
  const MISSING = new Response('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', { status: 404 })

  /** The month, and what is filed beside it; `send` may change the file. */
  async function filed(checksum: (sha256: string) => Response, send = (zip: Uint8Array): Uint8Array => zip) {
    const zip = await zipOf(csvOf(month.startMs, month.endMs))
    const sha256 = createHash('sha256').update(zip).digest('hex')
    return (url: URL): Response =>
      url.pathname.endsWith('.CHECKSUM') ? checksum(sha256) : new Response(send(zip) as Uint8Array<ArrayBuffer>)
  }

  it.each<[string, (sha256: string) => Response]>([
    ['that is right', (sha256) => new Response(`${sha256}  ${NAME}\n`)],
    ['in large letters', (sha256) => new Response(`${sha256.toUpperCase()}  ${NAME}`)],
    ['that is not filed', () => MISSING.clone()],
    ['that is none', () => new Response('')],
  ])('%s lets the month in, as one page', async (_, checksum) => {
    const { pages, urls } = await ask(binanceArchive(), series, month, await filed(checksum), at('2024-05-01'))
    expect(pages.map((page) => [page.columns.timestamp.length, page.proven])).toEqual([[31 * 1440, month]])
    expect(urls.map(({ pathname }) => pathname.split('/').at(-1))).toEqual([NAME, `${NAME}.CHECKSUM`])
  })

  it('that differs is a failure that passes, nothing is stored, and the next try is not served from memory', async () => {
    let sent = 0
    const answer = await filed(
      (sha256) => new Response(`${sha256}  ${NAME}\n`),
      // Valid, and not what was filed: a byte that is no part of the file inside.
      (zip) => (sent++ === 0 ? withComment(zip) : zip),
    )
    const client = clientOf({ provider: binanceArchive(), nowMs: at('2024-05-01'), answer })
    const load = () => client.load({ ...query, provider: 'binance-archive' })
    await expect(load()).rejects.toMatchObject({ code: 'provider/truncated', retryable: true, symbol: 'BTCUSDT' })
    expect(await client.list()).toEqual([])
    expect((await load()).numRows).toBe(31 * 1440)
    expect(sent).toBe(2)
    await client.close()
  })

  it('is asked for months only', async () => {
    const answer = vendor(() => true)
    await ask(binanceArchive(), series, range('2024-03-01', '2024-03-04'), answer, at('2024-03-05'))
    expect(answer.asked.filter((path) => path.endsWith('.CHECKSUM'))).toEqual([])
    expect(answer.asked.length).toBe(3)
  })
})

/** The same archive with a comment of one byte at its end. */
function withComment(zip: Uint8Array): Uint8Array {
  const longer = new Uint8Array(zip.length + 1)
  longer.set(zip)
  longer[zip.length - 2] = 1
  return longer
}

describe('an archive', () => {
  const bound = { maxBytes: 1_000_000 }
  it('gives its file back', async () => {
    expect(new TextDecoder().decode(await unzipOne(await zipOf('a,b\n1,2\n'), bound))).toBe('a,b\n1,2\n')
    expect((await unzipOne(await zipOf(''), bound)).length).toBe(0)
  })

  it.each<[string, Parameters<typeof zipOf>[1], string]>([
    ['names a path', { name: '../../etc/passwd' }, 'provider/response'],
    ['names a drive', { name: 'C:\\x' }, 'provider/response'],
    ['has no name', { name: '' }, 'provider/response'],
    ['holds several files', { files: 2 }, 'provider/response'],
    ['holds nothing', { files: 0 }, 'provider/response'],
    ['has another checksum', { crc: 1 }, 'provider/truncated'],
    ['is shorter than it says', { declaredBytes: 100 }, 'provider/truncated'],
    ['is longer than it says', { declaredBytes: 3 }, 'provider/response'],
    ['is packed in a way that is not known', { method: 99 }, 'provider/response'],
    ['says that it is huge', { declaredBytes: 2_000_000_000 }, 'provider/body-too-large'],
  ])('that %s is refused', async (_, faults, code) => {
    await expect(unzipOne(await zipOf('a,b\n1,2\n', faults), bound)).rejects.toMatchObject({ code })
  })

  it('that is a bomb is refused by its ratio, and by its bound', async () => {
    const bomb = await zipOf(new Uint8Array(10_000_000))
    await expect(unzipOne(bomb, { maxBytes: 1e9 })).rejects.toMatchObject({ code: 'provider/body-too-large' })
    await expect(unzipOne(bomb, bound)).rejects.toMatchObject({ code: 'provider/body-too-large' })
  })

  it('of random bytes is refused, whatever they are', async () => {
    const whole = await zipOf('a,b\n1,2\n')
    for (let at = 0; at < whole.length; at++) {
      const broken = whole.slice()
      broken[at] = (broken[at] as number) ^ 0xff
      const outcome = await unzipOne(broken, bound).then(
        (bytes) => new TextDecoder().decode(bytes),
        (error: { code?: string }) => error.code,
      )
      expect(outcome === 'a,b\n1,2\n' || String(outcome).startsWith('provider/')).toBe(true)
    }
  })
})
