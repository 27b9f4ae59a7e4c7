import { describe, expect, it } from 'vitest'
import { type LocalStorageOptions, createLocalStorage } from '../../src/storage/local/index.ts'

const REFUSED: readonly (readonly [field: string, options: Record<string, unknown>])[] = [
  ['root', { root: '' }],
  ['root', { root: 5 }],
  ...[-1, Number.NaN, Infinity, '1', 86_400_001].map((lockTimeoutMs) => ['lockTimeoutMs', { lockTimeoutMs }] as const),
  ...[-1, Number.NaN, Infinity, '1'].map((graceMs) => ['graceMs', { graceMs }] as const),
  ...[-1, Number.NaN, Infinity, '1'].map((cacheBytes) => ['cacheBytes', { cacheBytes }] as const),
  ['partition', { partition: 'week' }],
  ['compression', { compression: 'gzip' }],
  ['io', { io: 'mmap' }],
  ['history.last', { history: { last: 0 } }],
  ['history.last', { history: { last: 1.5 } }],
  ['history.everyMs', { history: { everyMs: -1 } }],
  ['history.historyBytes', { history: { historyBytes: Number.NaN } }],
  ['hourly', { history: { hourly: 1 } }],
]

describe('options of the local store', () => {
  it.each(REFUSED)('refuse %s of %j, naming field and value', (field, options) => {
    expect(() => createLocalStorage({ root: 'never-made', ...options } as LocalStorageOptions)).toThrow(
      expect.objectContaining({ code: 'config/option', field, message: expect.stringContaining(field) as unknown }),
    )
  })

  it('take undefined for their defaults', () => {
    const options = { root: 'never-made', lockTimeoutMs: undefined, graceMs: undefined, history: { last: undefined } }
    expect(() => createLocalStorage(options as unknown as LocalStorageOptions)).not.toThrow()
  })
})
