/** The same table of recordings as in recorded.ts, asked through the whole client: rows as they are read back from the store. */
import { describe, expect, it } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { Provider } from '../../src/contract/provider.ts'
import { coverageOf, rowsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { HAVE_RECORDINGS, recording, responseOf } from '../msw/recordings.ts'
import { at } from './asking.ts'
import type { Expected } from './recorded.ts'

/** What a client is asked in a test: `later` answers the requests after the first one. */
export interface ClientCase {
  readonly provider: Provider
  readonly query: Parameters<ReturnType<typeof createDataClient>['load']>[0]
  readonly nowMs: number
  answer(url: URL, nth: number): Response | Promise<Response>
}

/** A client on a memory store with one source, whose clock moves only when it sleeps. */
export function clientOf({ provider, nowMs, answer }: Omit<ClientCase, 'query'>): ReturnType<typeof createDataClient> {
  let clockMs = nowMs
  let asked = 0
  return createDataClient({
    storage: createMemoryStorage(),
    providers: [provider],
    runtime: {
      now: () => clockMs,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted()
        clockMs += ms
      },
      random: () => 0.5,
      fetch: async (input, init) => answer(new URL(new Request(input, init).url), asked++),
      env: {},
    },
  })
}

/** Fields of a row as the client gives it, under the names of the table of recordings. */
const asStored = (row: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { time, ...rest } = row
  return {
    ...rest,
    timestamp: expect.stringMatching(new RegExp(`^${String(time).replace(/\.?0*Z$/, '')}[.\\d]*Z$`)) as unknown,
  }
}

/** Registers the tests. Rows that are equal in time are one row of bars for the client. */
export function recordedByClient(
  folder: string,
  make: () => Provider,
  table: Readonly<Record<string, Expected>>,
  stored: Readonly<Record<string, number>> = {},
): void {
  describe.skipIf(!HAVE_RECORDINGS)(`recordings of ${folder} through the client`, () => {
    it.each(Object.entries(table))('%s', async (name, expected) => {
      const entry = recording(`${folder}/${name.split('#')[0]}`)
      const { schema, symbol, interval, asked } = expected
      const provider = expected.provider ?? make()
      const [start, end] = [at(asked[0]), at(asked[1])]
      const nowMs = expected.now === undefined ? end + 2 * 86_400_000 : at(expected.now)
      const client = clientOf({
        provider,
        nowMs,
        answer: async (url, nth) => {
          if (nth > 0 && (expected.code === undefined || expected.later !== undefined))
            return expected.later?.(url) ?? Response.json([])
          const response = responseOf(entry)
          return expected.prefix === undefined
            ? response
            : new Response(expected.prefix + (await response.text()), { status: entry.status })
        },
      })
      const query = {
        symbol,
        ...(schema === undefined ? {} : { schema }),
        ...(interval === undefined ? {} : { interval }),
        provider: provider.name,
        start: new Date(start),
        end: new Date(end),
      } as ClientCase['query']
      if (expected.code !== undefined) {
        await expect(client.load(query)).rejects.toMatchObject({ code: expected.code, provider: provider.name, symbol })
        await client.close()
        return
      }
      const answer = await client.load(query)
      const rows = rowsOf(answer)
      expect(rows.length).toBe(stored[name] ?? expected.rows)
      const [first, last] = [expected.first, expected.last].map((row) => (row === undefined ? {} : asStored(row)))
      if (rows.length > 0) expect([rows[0], rows.at(-1)]).toMatchObject([first, last])
      if (expected.provenStart === undefined && expected.provenEnd === undefined)
        expect(coverageOf(answer).missing.filter(({ kind }) => kind === 'unfetched' || kind === 'failed')).toEqual([])
      await client.close()
    })
  })
}
