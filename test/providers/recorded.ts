/** Every recording of one vendor, asked through its provider: expected rows or codes as a table. */
import { describe, expect, it } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import type { Page, Provider } from '../../src/contract/provider.ts'
import type { SchemaName } from '../../src/contract/schema.ts'
import { HAVE_RECORDINGS, recording, recordings, responseOf } from '../msw/recordings.ts'
import { ask, at, range, rowsOf } from './asking.ts'

export interface Expected {
  readonly provider?: Provider
  readonly schema?: SchemaName
  readonly symbol: string
  readonly interval?: Interval
  /** End exclusive. */
  readonly asked: readonly [string, string]
  /** Clock of the request. @default two days after the end */
  readonly now?: string
  readonly rows?: number
  readonly first?: Readonly<Record<string, unknown>>
  readonly last?: Readonly<Record<string, unknown>>
  /** Start of what is proven, where it is later than what was asked; null = nothing is proven. */
  readonly provenStart?: string | null
  readonly provenEnd?: string
  readonly code?: string
  /** Answers to later requests. @default an empty list */
  readonly later?: (url: URL) => Response
  /** Text before the recorded body. */
  readonly prefix?: string
  readonly actions?: number
}

const rowsOfAll = (pages: readonly Page[]): Record<string, unknown>[] =>
  pages.flatMap((page) => rowsOf(page)).toSorted((a, b) => (String(a['time']) < String(b['time']) ? -1 : 1))

/** Registers the tests of one folder of recordings. `notOurs` are answers of kinds that no schema of ours holds. */
export function recordedAnswers(
  folder: string,
  make: () => Provider,
  table: Readonly<Record<string, Expected>>,
  notOurs: readonly string[] = [],
): void {
  describe.skipIf(!HAVE_RECORDINGS)(`recordings of ${folder}`, () => {
    it('are all in the table', () => {
      const files = recordings(({ file }) => file.startsWith(`${folder}/`)).map(({ file }) =>
        file.slice(folder.length + 1),
      )
      expect(files.toSorted()).toEqual(
        [...new Set([...Object.keys(table).map((name) => name.split('#')[0] as string), ...notOurs])].toSorted(),
      )
    })

    it.each(Object.entries(table))('%s', async (name, expected) => {
      const entry = recording(`${folder}/${name.split('#')[0]}`)
      const { schema = 'ohlcv', symbol, interval, asked } = expected
      const wanted = range(...asked)
      let answered = 0
      const first = async (): Promise<Response> => {
        if (expected.prefix === undefined) return responseOf(entry)
        return new Response(expected.prefix + (await responseOf(entry).text()), { status: entry.status })
      }
      const asking = ask(
        expected.provider ?? make(),
        { schema, symbol, ...(interval === undefined ? {} : { interval }) },
        wanted,
        (url) =>
          answered++ === 0 || (expected.code !== undefined && expected.later === undefined)
            ? first()
            : (expected.later?.(url) ?? Response.json([])),
        expected.now === undefined ? wanted.endMs + 2 * 86_400_000 : at(expected.now),
      )
      if (expected.code !== undefined) {
        await expect(asking).rejects.toMatchObject({ code: expected.code, symbol })
        return
      }
      const { pages } = await asking
      const rows = rowsOfAll(pages).filter(
        ({ time }) => at(String(time)) >= wanted.startMs && at(String(time)) < wanted.endMs,
      )
      expect(rows.length).toBe(expected.rows)
      if (expected.first !== undefined) expect(rows[0]).toMatchObject(expected.first)
      if (expected.last !== undefined) expect(rows.at(-1)).toMatchObject(expected.last)
      const proven = pages.map((page) => page.proven).filter(({ startMs, endMs }) => startMs < endMs)
      if (expected.provenStart === null) expect(proven).toEqual([])
      else {
        expect(Math.min(...proven.map(({ startMs }) => startMs))).toBe(
          expected.provenStart === undefined ? wanted.startMs : at(expected.provenStart),
        )
        expect(Math.max(...proven.map(({ endMs }) => endMs))).toBe(
          expected.provenEnd === undefined ? wanted.endMs : at(expected.provenEnd),
        )
      }
      if (expected.actions !== undefined) expect(pages[0]?.actions?.timestamp.length).toBe(expected.actions)
    })
  })
}
