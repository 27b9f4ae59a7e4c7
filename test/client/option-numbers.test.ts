import { describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClientOptions } from '../../src/client/options.ts'
import { hasCode } from '../../src/contract/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, testClient } from './support.ts'

/** Every number that a client takes: its path, numbers at both ends that it takes, and the next ones that it refuses. */
const NUMBERS: readonly (readonly [path: string, fits: readonly number[], refused: readonly number[]])[] = [
  ['concurrency', [1, 1000], [0, -1, 1.5, 1001]],
  ['quality.maxInvalidShare', [0, 0.5, 1], [-0.01, 1.01]],
  ['http.timeoutMs', [1, 86_400_000], [0, -1, 86_400_001]],
  ['http.maxBodyBytes', [1, 2 ** 31], [0, 0.5, 2 ** 31 + 1]],
  ['http.retry.attempts', [1, 1000], [0, -1, 1.5, 1001]],
  ['http.retry.minMs', [0, 86_400_000], [-1, 86_400_001]],
  ['http.retry.maxMs', [0, 86_400_000], [-1, 86_400_001]],
  ['http.breaker.failures', [1, 1000], [0, 2.5, 1001]],
  ['http.breaker.recoveryMs', [0, 86_400_000], [-1, 86_400_001]],
  ['http.breaker.successes', [1, 1000], [0, 2.5, 1001]],
  ['storage.lockTimeoutMs', [0, 86_400_000], [-1, 86_400_001]],
  ['storage.history.historyBytes', [0, 1e12], [-1, 2 ** 53]],
  ['storage.history.everyMs', [0, 1e12], [-1]],
  ['storage.history.hourlyMs', [0, 1e12], [-1]],
  ['storage.history.dailyMs', [0, 1e12], [-1]],
  ['storage.history.last', [1, 1_000_000], [0, 1.5]],
  ['gapDetector.tolerance', [0, 0.5], [-0.1, 0.6]],
  ['gapDetector.minGapSlots', [1, 1_000_000], [0, 1.5]],
]

/** What JavaScript takes for a number without saying so, and what JSON calls null. */
const NO_NUMBERS: readonly unknown[] = [Number.NaN, Infinity, -Infinity, '1', null, 1n, true, [1], {}, () => 1]

function options(path: string, value: unknown): DataClientOptions {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as DataClientOptions
}

function refusal(given: DataClientOptions): unknown {
  try {
    createDataClient({ root: './never-opened', ...given })
    return null
  } catch (error) {
    return error
  }
}

describe.each(NUMBERS)('%s', (path, fits, refused) => {
  test('takes what lies in its bounds, and undefined for its default', () => {
    for (const value of [...fits, undefined]) expect(refusal(options(path, value))).toBeNull()
  })

  test('refuses the rest, naming field, value and remedy', () => {
    for (const value of [...refused, ...NO_NUMBERS]) {
      const error = refusal(options(path, value)) as Error
      expect(hasCode(error, 'config/option'), `${path}: ${String(value)} passed`).toBe(true)
      expect(error).toMatchObject({ field: path, value })
      expect(error.message).toMatch(/use a (whole )?number between [-\d.]+ and \d/)
      if (typeof value === 'number') expect(error.message).toContain(`${path}: ${value} `)
    }
  })
})

describe('options that are no numbers', () => {
  test.each([
    ['a store that is none', { storage: 5 }, 'storage', 'one options object'],
    ['an unknown key of the store', { storage: { lockTimeout: 5 } }, 'lockTimeout', 'did you mean lockTimeoutMs?'],
    ['an unknown key of the history', { storage: { history: { bytes: 5 } } }, 'bytes', 'historyBytes'],
    ['no retry', { http: { retry: false } }, 'http.retry', 'one options object'],
    ['a user agent with a line break', { http: { userAgent: 'a\nb' } }, 'http.userAgent', 'printable ASCII'],
    ['an unknown cache', { http: { cache: 'disk' } }, 'http.cache', 'use memory, none'],
    ['an unknown way with bad rows', { quality: { onInvalid: 'drop' } }, 'quality.onInvalid', 'quarantine'],
    ['a logger that lacks a level', { logger: { info() {} } }, 'logger', 'debug, info, warn, error'],
    ['a tracker that is none', { metadata: {} }, 'metadata', 'record, status, summary'],
    ['a detector that is none', { gapDetector: 'strict' }, 'gapDetector', 'one options object'],
  ] as const)('%s', (_name, given, field, remedy) => {
    const error = refusal(given as unknown as DataClientOptions) as Error
    expect(error).toMatchObject({ code: 'config/option', field })
    expect(error.message).toContain(remedy)
  })
})

test('an age below which nothing is collected is a number that is not negative', async () => {
  const { client } = testClient({ storage: createMemoryStorage(), providers: [fakeSource([]).provider] })
  for (const graceMs of [-1, Number.NaN, Infinity, '0' as never])
    await expect(client.store.collect({ graceMs })).rejects.toMatchObject({ code: 'config/option', field: 'graceMs' })
})
