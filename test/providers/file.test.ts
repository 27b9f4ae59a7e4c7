import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  TimestampMicrosecond,
  TimestampMillisecond,
  Table,
  makeData,
  makeVector,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tableFromColumns } from '../../src/codecs/arrow/index.ts'
import { encodeParquet } from '../../src/codecs/parquet/index.ts'
import { type Column, isValid, valueAt } from '../../src/contract/columns.ts'
import { ticksFromMs } from '../../src/contract/ticks.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Page } from '../../src/contract/provider.ts'
import type { Range } from '../../src/contract/range.ts'
import { SILENT } from '../../src/contract/runtime.ts'
import type { Series } from '../../src/contract/series.ts'
import { type FileOptions, file } from '../../src/providers/file.ts'

const utc = (text: string): number => Date.parse(text)
const ALL: Range = { startMs: utc('1990-01-01'), endMs: utc('2030-01-01') }

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-source-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface Got {
  readonly pages: readonly Page[]
  readonly opens: readonly number[]
  readonly iso: readonly string[]
  column(name: string): (number | null)[]
}

async function read(
  options: FileOptions,
  interval: Interval,
  range = ALL,
  symbol = 'AAPL',
  signal = new AbortController().signal,
): Promise<Got> {
  const source = file(options)
  const series: Series = { provider: source.name, schema: 'ohlcv', symbol, interval }
  const pages: Page[] = []
  for await (const page of source.fetch(
    { series, range },
    { signal, http: undefined as never, now: () => 0, log: SILENT },
  ))
    pages.push(page)
  const opens = pages.flatMap((page) => Array.from(page.columns.timestamp, Number))
  const iso = opens.map((ms) => (Number.isNaN(ms) ? 'none' : new Date(ms).toISOString().replace(':00.000Z', 'Z')))
  const column = (name: string): (number | null)[] =>
    pages.flatMap((page) =>
      Array.from(
        page.columns.timestamp as Float64Array,
        (_, row) => valueAt(page.columns[name] as Column, row) as number | null,
      ),
    )
  return { pages, opens, iso, column }
}

const days =
  'Date,Open,High,Low,Close,Volume\n2024-01-02,1,4,0.5,2,10\n2024-01-03,2,5,1.5,3,20\n2024-01-04,3,6,2.5,4,30\n'

describe('columns', () => {
  test.each([
    ['Yahoo', 'Date,Open,High,Low,Close,Adj Close,Volume', 'adj_close'],
    ['short names', 't,o,h,l,c,vw,v', 'vwap'],
    ['Binance archive', 'open_time,open,high,low,close,quote_volume,volume', 'quote_volume'],
    ['Alpha Vantage', 'timestamp,1. open,2. high,3. low,4. close,5. adjusted close,6. volume', 'adj_close'],
    ['Interactive Brokers', 'date,open,high,low,close,wap,volume', 'vwap'],
    ['MetaStock', '<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<trades>,<VOL>', 'trade_count'],
    ['pandas index', ',OPEN,HIGH,LOW,CLOSE,VWAP,VOLUME', 'vwap'],
  ])('are recognised: %s', async (name, header, extra) => {
    const path = write(`${name}.csv`, `${header}\n2024-01-02,1,4,0.5,2,7,10\n`)
    const got = await read({ path }, '1d')
    expect(got.iso).toEqual(['2024-01-02T00:00Z'])
    for (const [field, value] of Object.entries({ open: 1, high: 4, low: 0.5, close: 2, [extra]: 7, volume: 10 })) {
      expect(got.column(field)).toEqual([value])
    }
    expect(Object.keys(got.pages[0]!.columns).length).toBe(7)
  })

  test('may be mapped and left out', async () => {
    const path = write('mapped.csv', 'Date,Open,High,Low,Close,Mid,Shares,n\n2024-01-02,1,4,0.5,2,3,10,5\n')
    const got = await read({ path, columns: { close: 'Mid', volume: 'Shares', trade_count: false } }, '1d')
    expect(got.column('close')).toEqual([3])
    expect(got.column('volume')).toEqual([10])
    expect(got.pages[0]!.columns['trade_count']).toBe(undefined)
  })

  test('missing ones are named with those that are there', async () => {
    const path = write('no-close.csv', 'Date,Open,High,Low,Price\n2024-01-02,1,4,0.5,2\n')
    await expect(read({ path }, '1d')).rejects.toMatchObject({
      code: 'data/schema-mismatch',
      message: /column close.*Date, Open, High, Low, Price/,
    })
    await expect(read({ path, columns: { close: 'Prize' } }, '1d')).rejects.toMatchObject({
      code: 'config/option',
      field: 'columns.close',
    })
  })

  test('without a header they are date, open, high, low, close, volume', async () => {
    const path = write('bare.csv', '20240102;1;4;0.5;2;10\n20240103;2;5;1.5;3;20\n')
    const got = await read({ path }, '1d')
    expect(got.iso).toEqual(['2024-01-02T00:00Z', '2024-01-03T00:00Z'])
    expect(got.column('volume')).toEqual([10, 20])
  })

  test('a file without volume gives null, never 0', async () => {
    const path = write('no-volume.csv', 'Date,Open,High,Low,Close\n2024-01-02,1,4,0.5,2\n')
    expect((await read({ path }, '1d')).column('volume')).toEqual([null])
  })

  test('empty cells are null', async () => {
    const path = write('nulls.csv', 'Date,Open,High,Low,Close,Volume\n2024-01-02,,,,,\n2024-01-03,1,4,0.5,2,null\n')
    const got = await read({ path }, '1d')
    expect(got.column('close')).toEqual([null, 2])
    expect(got.column('volume')).toEqual([null, null])
  })

  test('a cell that is no number is refused with path, line and column', async () => {
    const path = write('bad.csv', 'Date,Open,High,Low,Close\n2024-01-02,1,4,0.5,2\n2024-01-03,12abc,4,0.5,2\n')
    await expect(read({ path }, '1d')).rejects.toMatchObject({
      code: 'data/invalid',
      message: /bad\.csv, line 3: column Open: "12abc" cannot be read: write a plain number/,
    })
  })

  test('rows without a time are sent, to be counted', async () => {
    const path = write('untimed.csv', 'Date,Open,High,Low,Close\n2024-01-02,1,4,0.5,2\n,1,4,0.5,3\n')
    const { pages } = await read({ path }, '1d')
    expect([...pages[0]!.columns.timestamp]).toEqual([utc('2024-01-02'), Number.NaN])
  })
})

describe('symbols', () => {
  const path = (): string =>
    write(
      'both.csv',
      'ticker,date,open,high,low,close\nAAPL,2024-01-02,1,1,1,1\nMSFT,2024-01-02,2,2,2,2\nAAPL,2024-01-03,3,3,3,3\n',
    )

  test('only rows of the asked symbol are taken from a file of several', async () => {
    expect((await read({ path: path() }, '1d')).column('close')).toEqual([1, 3])
    expect((await read({ path: path() }, '1d', ALL, 'MSFT')).column('close')).toEqual([2])
    await expect(read({ path: path() }, '1d', ALL, 'TSLA')).rejects.toMatchObject({
      code: 'provider/not-found',
      message: /AAPL, MSFT/,
    })
  })

  test('a source for one symbol or interval refuses others', async () => {
    await expect(read({ path: path(), symbol: 'TSLA' }, '1d')).rejects.toMatchObject({ code: 'provider/not-found' })
    await expect(read({ path: path(), interval: '1w' }, '1d')).rejects.toMatchObject({ code: 'provider/unsupported' })
    expect(Object.keys(file({ path: 'x', interval: '1w' }).capabilities.intervals)).toEqual(['1w'])
  })

  test('a template or a function makes the path', async () => {
    write('MSFT-1d.csv', days)
    expect((await read({ path: join(folder, '{symbol}-{interval}.csv') }, '1d', ALL, 'MSFT')).opens.length).toBe(3)
    expect(
      (await read({ path: ({ symbol }) => join(folder, `${symbol}-1d.csv`) }, '1d', ALL, 'MSFT')).opens.length,
    ).toBe(3)
    for (const symbol of ['../etc', '..', 'a\\b']) {
      await expect(read({ path: join(folder, '{symbol}.csv') }, '1d', ALL, symbol)).rejects.toMatchObject({
        code: 'config/symbol',
      })
    }
    await expect(read({ path: join(folder, '{symbol}.csv') }, '1d', ALL, '$&')).rejects.toMatchObject({
      message: /\$&\.csv/,
    })
  })

  test('a file that is not there is told with how its name was made, where that was not the caller', async () => {
    const failure = (path: FileOptions['path']): Promise<Error> =>
      read({ path }, '1d', ALL, 'EURUSD=X').catch((error: Error) => error) as Promise<Error>
    const template = await failure(join(folder, '{symbol}.csv'))
    expect(template).toMatchObject({ code: 'provider/not-found', path: join(folder, 'EURUSD=X.csv') })
    expect(template.message).toContain('{symbol} stands for the spelling of the series, EURUSD=X')
    const made = await failure(() => join(folder, 'other.csv'))
    expect(made).toMatchObject({ code: 'provider/not-found' })
    expect(made.message).not.toContain('spelling')
  })

  test('a line that cannot be read is told with its number, and a remedy that is about lines', async () => {
    const path = write('broken.csv', 'Date,Open,High,Low,Close\n2024-01-02,1,2,0.5,1.5\n2024-01-03,1,x,0.5,1.5\n')
    const failure = await read({ path }, '1d').catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'data/invalid', field: 'line 3' })
    expect((failure as { hint: string }).hint).toMatch(/^Correct what the message names: a line of a file/)
  })
})

describe('times', () => {
  const bars = (...times: string[]): string =>
    write('times.csv', `time,open,high,low,close\n${times.map((time) => `${time},1,1,1,1`).join('\n')}\n`)

  test('local ones are converted with daylight saving', async () => {
    const path = bars('2024-03-08 09:30:00', '2024-03-11 09:30:00', '2024-11-01 09:30:00', '2024-11-04 09:30:00')
    const got = await read({ path, timeZone: 'America/New_York' }, '1m')
    expect(got.iso).toEqual(['2024-03-08T14:30Z', '2024-03-11T13:30Z', '2024-11-01T13:30Z', '2024-11-04T14:30Z'])
  })

  test('a skipped hour is the later one, an hour that comes twice the earlier', async () => {
    const got = await read(
      { path: bars('2024-03-10 02:30', '2024-11-03 01:30', '2024-11-03 02:00'), timeZone: 'America/New_York' },
      '1m',
    )
    expect(got.iso).toEqual(['2024-03-10T07:30Z', '2024-11-03T05:30Z', '2024-11-03T07:00Z'])
    const london = await read({ path: bars('2024-03-31 01:30', '2024-10-27 01:30'), timeZone: 'Europe/London' }, '1m')
    expect(london.iso).toEqual(['2024-03-31T01:30Z', '2024-10-27T00:30Z'])
  })

  test('an offset in the file wins over the zone', async () => {
    const got = await read(
      { path: bars('2018-12-20 09:30:00-05:00', '2018-12-20T14:31:00Z', '1545316320'), timeZone: 'Asia/Tokyo' },
      '1m',
    )
    expect(got.iso).toEqual(['2018-12-20T14:30Z', '2018-12-20T14:31Z', '2018-12-20T14:32Z'])
  })

  test('stamps at the close move back by one interval', async () => {
    const got = await read({ path: bars('2024-01-02 09:35', '2024-01-02 09:40'), stamp: 'close' }, '5m')
    expect(got.iso).toEqual(['2024-01-02T09:30Z', '2024-01-02T09:35Z'])
  })

  test('daily bars carry the date that is written', async () => {
    const written = bars('2018-12-20 00:00:00-05:00', '2018-12-21 16:00:00-05:00')
    expect((await read({ path: written }, '1d')).iso).toEqual(['2018-12-20T00:00Z', '2018-12-21T00:00Z'])
    // 2018-12-20 22:00Z is the morning of the 21st in Sydney; 00:00Z is a label already.
    const instants = bars('2018-12-20T23:00:00Z', '1545609600')
    expect((await read({ path: instants, timeZone: 'Australia/Sydney' }, '1d')).iso).toEqual([
      '2018-12-21T00:00Z',
      '2018-12-24T00:00Z',
    ])
  })

  test('a date that closes its bar names the bar it closes', async () => {
    const monthly = await read({ path: bars('2024-01-31', '2024-02-29', '2024-04-01'), stamp: 'close' }, '1mo')
    expect(monthly.iso).toEqual(['2024-01-01T00:00Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z'])
    const weekly = await read({ path: bars('2024-01-05', '2024-01-14', '2024-01-22'), stamp: 'close' }, '1w')
    expect(weekly.iso).toEqual(['2024-01-01T00:00Z', '2024-01-08T00:00Z', '2024-01-15T00:00Z'])
    const daily = await read({ path: bars('2024-01-05', '2024-01-08'), stamp: 'close' }, '1d')
    expect(daily.iso).toEqual(['2024-01-05T00:00Z', '2024-01-08T00:00Z'])
    const midnight = await read({ path: bars('2024-01-06T00:00:00Z', '2024-01-07T00:00:00Z'), stamp: 'close' }, '1d')
    expect(midnight.iso).toEqual(['2024-01-05T00:00Z', '2024-01-06T00:00Z'])
  })

  test('date and time of day may stand in two columns', async () => {
    const path = write(
      'two.csv',
      '<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>\n20240102,093000,1,1,1,1\n20240102,093100,1,1,1,1\n',
    )
    expect((await read({ path }, '1m')).iso).toEqual(['2024-01-02T09:30Z', '2024-01-02T09:31Z'])
  })

  test('bars of a minute are not taken for bars of an hour, nor dates for minutes', async () => {
    const minutes = bars('2024-01-02 09:30', '2024-01-02 09:31', '2024-01-02 09:32')
    await expect(read({ path: minutes }, '1h')).rejects.toMatchObject({ code: 'provider/units', message: /60 s apart/ })
    await expect(read({ path: minutes }, '1d')).rejects.toMatchObject({ code: 'provider/units' })
    await expect(read({ path: bars('2024-01-02', '2024-01-03') }, '1m')).rejects.toMatchObject({
      code: 'provider/units',
      message: /dates/,
    })
    await expect(read({ path: bars('2024-01-31', '2024-02-29', '2024-03-31') }, '1mo')).resolves.toBeDefined()
  })
})

describe('the proven range', () => {
  test('reaches from the first bar to the end of the last, inside what was asked', async () => {
    const path = write('days.csv', days)
    const proven = async (range: Range): Promise<Range[]> =>
      (await read({ path }, '1d', range)).pages.map((page) => page.proven)
    expect(await proven(ALL)).toEqual([{ startMs: utc('2024-01-02'), endMs: utc('2024-01-05') }])
    expect(await proven({ startMs: utc('2024-01-03'), endMs: utc('2024-02-01') })).toEqual([
      { startMs: utc('2024-01-03'), endMs: utc('2024-01-05') },
    ])
    expect(await proven({ startMs: utc('2025-01-01'), endMs: utc('2025-02-01') })).toEqual([
      { startMs: utc('2025-01-01'), endMs: utc('2025-01-01') },
    ])
  })

  test('only rows that were asked for are sent', async () => {
    const got = await read({ path: write('days.csv', days) }, '1d', {
      startMs: utc('2024-01-03'),
      endMs: utc('2024-01-04'),
    })
    expect(got.column('close')).toEqual([3])
  })

  test('an empty file proves nothing', async () => {
    const got = await read({ path: write('empty.csv', 'Date,Open,High,Low,Close\n') }, '1d')
    expect(got.pages.map((page) => page.proven.endMs - page.proven.startMs)).toEqual([0])
    await expect(read({ path: write('nothing.csv', '') }, '1d')).rejects.toMatchObject({ code: 'data/schema-mismatch' })
  })

  test('rows in descending or no order come ascending, in pages without a seam', async () => {
    const rows = Array.from(
      { length: 120_000 },
      (_, i) => `${utc('2024-01-01') + ((i * 7919) % 120_000) * 60_000},${i},${i},${i},${i}`,
    )
    const got = await read({ path: write('shuffled.csv', `t,o,h,l,c\n${rows.join('\n')}\n`) }, '1m')
    expect(got.pages.length).toBe(3)
    expect(got.opens).toEqual(Array.from({ length: 120_000 }, (_, i) => utc('2024-01-01') + i * 60_000))
    for (const [i, page] of got.pages.entries()) {
      if (i > 0) expect(page.proven.startMs).toBe(got.pages[i - 1]!.proven.endMs)
      expect(
        [...page.columns.timestamp].every((ms) => Number(ms) >= page.proven.startMs && Number(ms) < page.proven.endMs),
      ).toBe(true)
    }
  })
})

describe('formats', () => {
  const timestamp = ticksFromMs(Float64Array.of(utc('2024-01-02'), utc('2024-01-03')), 'us')
  const columns = {
    timestamp,
    open: Float64Array.of(1, 2),
    high: Float64Array.of(3, 4),
    low: Float64Array.of(0.5, 1),
    close: Float64Array.of(2, 3),
    volume: { values: Float64Array.of(10, 0), valid: Uint8Array.of(0b01) },
  }
  const check = async (name: string, bytes: Uint8Array): Promise<void> => {
    const got = await read({ path: write(name, bytes) }, '1d')
    expect(got.iso).toEqual(['2024-01-02T00:00Z', '2024-01-03T00:00Z'])
    expect(got.column('close')).toEqual([2, 3])
    expect(got.column('volume')).toEqual([10, null])
  }

  test('Arrow files and streams, told by their bytes and not by their name', async () => {
    const table = tableFromColumns(columns, { schema: 'ohlcv' })
    await check('arrow-file.bin', tableToIPC(table, 'file'))
    await check('arrow-stream.bin', tableToIPC(table, 'stream'))
  })

  test('Parquet files', async () => {
    const stored = Object.keys(columns).map((name) => ({
      name,
      type: name === 'timestamp' ? ('timestamp' as const) : ('float64' as const),
    }))
    const parts = encodeParquet(columns, { columns: stored, timeUnit: 'us' })
    await check('bars.bin', Uint8Array.from(parts.flatMap((part) => [...part])))
  })

  test.each(['uncompressed', 'snappy', 'zstd', 'gzip'])(
    'Parquet files of DuckDB, %s, with times of every kind',
    async (codec) => {
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      const path = join(folder, `duck-${codec}.parquet`)
      const times = {
        local: "TIMESTAMP '2024-07-01 09:30:00'",
        instant: 'to_timestamp(1719826200)',
        day: "DATE '2024-07-01'",
      }
      for (const [kind, time] of Object.entries(times)) {
        const rows = `SELECT ${time} AS "Date", 1 AS open, 2.5::FLOAT AS high, 0.5::DECIMAL(9,2) AS low, 2 AS close, NULL::BIGINT AS volume, [1, 2] AS deep`
        await connection.run(`COPY (${rows}) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`)
        const got = await read({ path, timeZone: 'America/New_York' }, kind === 'day' ? '1d' : '1m')
        expect(got.iso).toEqual([
          { local: '2024-07-01T13:30Z', instant: '2024-07-01T09:30Z', day: '2024-07-01T00:00Z' }[kind],
        ])
        expect(['open', 'high', 'low', 'close', 'volume'].map((name) => got.column(name)[0])).toEqual([
          1,
          2.5,
          0.5,
          2,
          null,
        ])
      }
      connection.closeSync()
    },
  )

  test('columns that cannot be read do not matter where they are not needed', async () => {
    const prices = { t: [1704153600], o: [1], h: [1], l: [1], c: [1] }
    const table = new Table({
      ...Object.fromEntries(Object.entries(prices).map(([name, values]) => [name, vectorFromArray(values)])),
      deep: vectorFromArray([[1, 2]]),
    } as never)
    expect((await read({ path: write('deep.arrow', tableToIPC(table, 'file')) }, '1d')).column('close')).toEqual([1])
  })

  test('Arrow times of any unit, local or in a zone', async () => {
    const prices = { open: [1], high: [1], low: [1], close: [1] }
    const withTime = async (
      type: TimestampMillisecond | TimestampMicrosecond,
      tick: bigint,
      timeZone: string,
      interval: Interval,
    ): Promise<string> => {
      const time = makeVector(makeData({ type, length: 1, nullCount: 0, data: BigInt64Array.of(tick) }))
      const others = Object.fromEntries(Object.entries(prices).map(([name, values]) => [name, vectorFromArray(values)]))
      const path = write('zoned.arrow', tableToIPC(new Table({ time, ...others } as never), 'file'))
      return (await read({ path, timeZone }, interval)).iso[0]!
    }
    const ms = BigInt(utc('2024-07-01T09:30:00Z'))
    expect(await withTime(new TimestampMillisecond(null), ms, 'America/New_York', '1m')).toBe('2024-07-01T13:30Z')
    expect(await withTime(new TimestampMillisecond('UTC'), ms, 'America/New_York', '1m')).toBe('2024-07-01T09:30Z')
    expect(await withTime(new TimestampMicrosecond('Asia/Tokyo'), ms * 1000n, 'UTC', '1m')).toBe('2024-07-01T09:30Z')
    // 20:00 UTC on the 1st is the 2nd in Tokyo.
    expect(
      await withTime(new TimestampMicrosecond('Asia/Tokyo'), BigInt(utc('2024-07-01T20:00:00Z')) * 1000n, 'UTC', '1d'),
    ).toBe('2024-07-02T00:00Z')
  })

  test('whole numbers and epoch times in Arrow', async () => {
    const table = new Table({
      t: vectorFromArray([1704153600, 1704240000]),
      o: vectorFromArray([1, 2]),
      h: vectorFromArray([1, 2]),
      l: vectorFromArray([1, 2]),
      c: vectorFromArray([1, 2]),
      v: makeVector(BigInt64Array.of(5n, 6n)),
    } as never)
    const got = await read({ path: write('epoch.arrow', tableToIPC(table, 'file')) }, '1d')
    expect(got.iso).toEqual(['2024-01-02T00:00Z', '2024-01-03T00:00Z'])
    expect(got.column('volume')).toEqual([5, 6])
  })

  test('a broken file is refused by name', async () => {
    const broken = write('broken.arrow', Uint8Array.of(...new TextEncoder().encode('ARROW1'), 0, 0, 1, 2, 3))
    await expect(read({ path: broken }, '1d')).rejects.toMatchObject({ code: 'data/invalid', message: /broken\.arrow/ })
    const cut = write('cut.parquet', new TextEncoder().encode('PAR1 and then nothing PAR1'))
    await expect(read({ path: cut }, '1d')).rejects.toMatchObject({ code: 'data/invalid', message: /cut\.parquet/ })
    await expect(read({ path: write('text.csv', days), format: 'arrow' }, '1d')).rejects.toMatchObject({
      code: 'data/invalid',
    })
  })
})

describe('files', () => {
  test('that are missing, folders or not there are typed errors with the path', async () => {
    await expect(read({ path: join(folder, 'gone.csv') }, '1d')).rejects.toMatchObject({
      code: 'provider/not-found',
      path: join(folder, 'gone.csv'),
    })
    await expect(read({ path: folder }, '1d')).rejects.toMatchObject({ code: 'provider/not-found', message: /folder/ })
  })

  test('abort stops the reading with the reason', async () => {
    const reason = new Error('enough')
    await expect(read({ path: write('days.csv', days) }, '1d', ALL, 'AAPL', AbortSignal.abort(reason))).rejects.toBe(
      reason,
    )
  })

  test('wrong options are refused by name', () => {
    const wrong =
      (options: object): (() => unknown) =>
      () =>
        file({ path: 'x', ...options } as FileOptions)
    expect(() => file({} as FileOptions)).toThrow(/config\/option.*path/)
    expect(wrong({ colums: {} })).toThrow(/did you mean columns/)
    expect(wrong({ stamp: 'end' })).toThrow(/stamp.*open, close/)
    expect(wrong({ timeZone: 'New York' })).toThrow(/timeZone.*America\/New_York/)
    expect(wrong({ columns: { prize: 'x' } })).toThrow(/columns: prize/)
    expect(wrong({ columns: { close: 3 } })).toThrow(/columns\.close/)
    expect(wrong({ interval: '1M' })).toThrow(/config\/interval/)
    expect(wrong({ name: 'My File' })).toThrow(/config\/provider/)
  })
})

const FIXTURES = process.env['MARKETLAKE_FIXTURES']

describe.skipIf(FIXTURES === undefined)('recorded series', () => {
  const path = (name: string): string => join(FIXTURES as string, 'providers/series', name)
  /** Lines of a file cut by hand: an independent reading of what it holds. */
  const cells = (name: string, separator: string, header: boolean): string[][] =>
    readFileSync(path(name), 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(header ? 1 : 0)
      .map((line) => line.split(separator))

  test.each([
    ['ADABTC_5m.csv', '5m', [0, 1, 2, 3, 4, 5], (cell: string) => utc(cell)],
    ['GOOG_1d_2004-2013.csv', '1d', [0, 1, 2, 3, 4, 5], (cell: string) => utc(cell)],
    ['SPY_1d_2010_yahoo.csv', '1d', [0, 1, 2, 3, 4, 5, 6], (cell: string) => utc(cell)],
    ['SPY_1d_2011_yahoo.csv', '1d', [0, 1, 2, 3, 4, 5, 6], (cell: string) => utc(cell)],
    ['SPY_1d_2012_yahoo.csv', '1d', [0, 1, 2, 3, 4, 5, 6], (cell: string) => utc(cell)],
    ['YHOO_1d_2003-2005_yahoo.csv', '1d', [0, 1, 2, 3, 4, 6, 5], (cell: string) => utc(cell)],
    ['MSFT_5m_2018-12_halfday.csv', '5m', [0, 1, 2, 3, 4, 5], (cell: string) => utc(cell.replace(' ', 'T'))],
    ['XRPUSDT_USDM_1h_futures.csv', '1h', [0, 1, 2, 3, 4, 5], (cell: string) => utc(cell)],
  ] as const)('%s is read bit for bit', async (name, interval, order, time) => {
    const got = await read({ path: path(name) }, interval)
    const rows = cells(name, ',', true).toSorted((a, b) => time(a[0]!) - time(b[0]!))
    expect(rows.length).toBeGreaterThan(70)
    expect(got.opens).toEqual(rows.map((row) => time(row[order[0]]!)))
    const names = ['open', 'high', 'low', 'close', 'volume', 'adj_close']
    for (const [i, column] of names.slice(0, order.length - 1).entries()) {
      expect(got.column(column)).toEqual(rows.map((row) => Number(row[order[i + 1]!])))
    }
  })

  test('SPY_1m_2011-03_DST.csv: New York minutes stamped at their close, over the change of the clock', async () => {
    const got = await read({ path: path('SPY_1m_2011-03_DST.csv'), timeZone: 'America/New_York', stamp: 'close' }, '1m')
    const rows = cells('SPY_1m_2011-03_DST.csv', ';', false)
    const expected = rows.map(([cell]) => {
      const [, y, mo, d, h, mi] = /^(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)/.exec(cell!)!.map(Number)
      const hoursBehind = d! >= 13 ? 4 : 5
      return Date.UTC(y!, mo! - 1, d!, h! + hoursBehind, mi!) - 60_000
    })
    expect(got.opens).toEqual(expected)
    expect(got.column('close')).toEqual(rows.map((row) => Number(row[4])))
    expect(got.column('volume')).toEqual(rows.map((row) => Number(row[5])))
  })

  test('BTCUSD_1mo_2012-2024.csv: months stamped at their end', async () => {
    const got = await read({ path: path('BTCUSD_1mo_2012-2024.csv'), stamp: 'close' }, '1mo')
    expect(got.iso.slice(0, 2)).toEqual(['2012-01-01T00:00Z', '2012-02-01T00:00Z'])
    expect(got.iso.at(-1)).toBe('2024-12-01T00:00Z')
    expect(got.opens.length).toBe(cells('BTCUSD_1mo_2012-2024.csv', ',', true).length)
    expect(got.pages[0]!.proven.endMs).toBe(utc('2025-01-01'))
  })

  test("the scrambled sandbox export is read as it is: judging it is not the file source's task", async () => {
    const got = await read({ path: path('AAPL_1d_2014-2019_IEX_SANDBOX_scrambled.csv') }, '1d')
    expect(got.opens.length).toBe(1258)
    expect([got.column('open')[0], got.column('close')[0], got.column('volume')[0]]).toEqual([106.04, 108.88, 48864732])
    expect(isValid(got.pages[0]!.columns['close']!, 0)).toBe(true)
  })
})
