import { readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Snapshot, Storage } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { BARS, barRun, checkRows, provenBars } from '../../src/testkit/storage-checks.ts'
import { filesBelow, freshFolder, freshStore } from './place.ts'
import { posixError, recordingFs } from './recording-fs.ts'

const FOLDER = 'ohlcv/provider=contract/interval=1m/symbol=BTC-USD'

async function append(storage: Storage, base: Snapshot | null, first: number, count = 1): Promise<Snapshot> {
  return await storage.commit(BARS, base, {
    opId: `bars-${first}`,
    upsert: barRun(first, count),
    coverage: provenBars(0, first + count),
    rowsPerYear: 525_600,
  })
}

describe('the order of a commit', () => {
  test('content, name and folder of the data are on the disk before the version has its name', async () => {
    const { fs, calls } = recordingFs()
    const { root, storage } = freshStore({ fs })
    const first = await append(storage, null, 0, 10)
    calls.length = 0
    await append(storage, first, 10, 2_000)
    const short = calls.map(({ op, path, to }) => {
      const kind = /_data/.test(to ?? path) ? 'data' : /_log/.test(to ?? path) ? 'log' : 'view'
      return `${op} ${kind}`
    })
    const acknowledged = short.slice(0, short.indexOf('fsyncFolder log') + 1)
    expect(acknowledged).toEqual([
      'open data',
      'write data',
      'fsync data',
      'close data',
      'rename data',
      'fsyncFolder data',
      'open log',
      'write log',
      'fsync log',
      'close log',
      'link log',
      'unlink log',
      'fsyncFolder log',
    ])
    expect(short.slice(acknowledged.length).every((call) => call.endsWith('view'))).toBe(true)
    expect(calls.every(({ path }) => path.startsWith(root))).toBe(true)
  })

  test('each new folder is made known to the one above it', async () => {
    const { fs, calls } = recordingFs()
    const { root, storage } = freshStore({ fs })
    await append(storage, null, 0)
    const made = calls.filter(({ op }) => op === 'makeFolder').map(({ path }) => path)
    const synced = new Set(calls.filter(({ op }) => op === 'fsyncFolder').map(({ path }) => path))
    expect(made.map((path) => path.slice(root.length))).toEqual([
      '/ohlcv',
      '/ohlcv/provider=contract',
      '/ohlcv/provider=contract/interval=1m',
      `/${FOLDER}`,
      `/${FOLDER}/_data`,
      `/${FOLDER}/_log`,
    ])
    for (const path of made) expect(synced).toContain(path.slice(0, path.lastIndexOf('/')))
  })
})

describe('appending', () => {
  test('a one-bar commit writes as little at 200,000 rows as at 2,000', async () => {
    const sizes: number[] = []
    for (const rows of [2_000, 200_000]) {
      const { root, storage } = freshStore()
      let head = await append(storage, null, 0, rows)
      for (let i = 0; i < 5; i++) head = await append(storage, head, rows + i)
      const before = filesBelow(root)
      await append(storage, head, rows + 5)
      const written = [...filesBelow(root)].filter(([name]) => name.includes('/_') && !before.has(name))
      sizes.push(written.reduce((sum, [, size]) => sum + size, 0))
    }
    expect(sizes[0]).toBeLessThan(20_000)
    expect(sizes[1]).toBeLessThan((sizes[0] as number) + 4_000)
  })

  test('a part has at most eight files, and each row is rewritten few times, however rows arrive', async () => {
    const { fs, calls } = recordingFs()
    const { storage } = freshStore({ fs, partition: 'all' })
    let head: Snapshot | null = null
    for (let i = 0; i < 60; i++) {
      head = await append(storage, head, i * 1_100, 1_100)
      expect((await storage.files(head)).length).toBeLessThanOrEqual(8)
    }
    expect(head?.rows).toBe(66_000)
    const renamed = calls.filter(({ op, to }) => op === 'rename' && to?.includes('_data'))
    expect(renamed.length).toBe(60)
  })

  test('10 years of minutes are cut by month, of a US stock by quarter, daily bars not at all', async () => {
    const { storage } = freshStore()
    const cut = async (symbol: string, rowsPerYear: number) =>
      (await storage.commit({ ...BARS, symbol }, null, { opId: 'a', upsert: barRun(0, 1), coverage: [], rowsPerYear }))
        .partition
    expect(await cut('A', 525_600)).toBe('month')
    expect(await cut('B', 98_280)).toBe('quarter')
    expect(await cut('C', 26_000)).toBe('year')
    expect(await cut('D', 252)).toBe('all')
    expect(await cut('E', 31_000_000)).toBe('day')
  })
})

describe('compression', () => {
  test('makes files smaller that read back the same', async () => {
    const stored = await Promise.all(
      (['none', 'zstd'] as const).map(async (compression) => {
        const { storage } = freshStore({ compression })
        const head = await append(storage, null, 0, 50_000)
        return { size: head.sizeBytes, rows: await storage.read(head, {}) }
      }),
    )
    const [plain, small] = stored as [(typeof stored)[0], (typeof stored)[0]]
    expect(small.size).toBeLessThan(0.9 * plain.size)
    checkRows(small.rows, plain.rows, 'rows')
  })
})

describe('a commit that fails', () => {
  test('on a full disk says so, leaves nothing behind and keeps the last version readable', async () => {
    let isFull = false
    const { fs } = recordingFs(({ op }) => {
      if (isFull && op === 'write') throw posixError('ENOSPC')
    })
    const { root, storage } = freshStore({ fs })
    const first = await append(storage, null, 0, 10)
    const before = filesBelow(root)
    isFull = true
    await expect(append(storage, first, 10)).rejects.toMatchObject({ code: 'storage/full', retryable: true })
    expect(filesBelow(root)).toEqual(before)
    expect((await storage.read(first, {})).timestamp.length).toBe(10)
    isFull = false
    expect((await append(storage, first, 10)).rows).toBe(11)
  })

  test('with a failed fsync is not tried again, and this process writes the series no more', async () => {
    let failing = true
    const { fs, calls } = recordingFs(({ op, path }) => {
      if (failing && op === 'fsync' && path.includes('_data')) throw posixError('EIO')
    })
    const { root, storage } = freshStore({ fs })
    await expect(append(storage, null, 0)).rejects.toMatchObject({ code: 'storage/corrupt' })
    expect(calls.filter(({ op }) => op === 'fsync').length).toBe(1)
    failing = false
    await expect(append(storage, null, 1)).rejects.toMatchObject({ code: 'storage/corrupt' })
    expect((await append(createLocalStorage({ root }), null, 2)).version).toBe(1)
  })

  test('after the version has its name has an unknown outcome, and the retry applies it once', async () => {
    let failing = false
    const { fs } = recordingFs(({ op, path }) => {
      if (failing && op === 'fsyncFolder' && path.endsWith('_log')) throw posixError('EINTR')
    })
    const { storage } = freshStore({ fs })
    const first = await append(storage, null, 0, 10)
    failing = true
    await expect(append(storage, first, 10)).rejects.toMatchObject({
      code: 'storage/unknown-outcome',
      opId: 'bars-10',
      retryable: true,
    })
    failing = false
    const second = await append(storage, first, 10)
    expect([second.version, second.rows]).toEqual([2, 11])
  })

  test('in a folder that may not be written says so', async () => {
    const { fs } = recordingFs(({ op }) => {
      if (op === 'makeFolder') throw posixError('EROFS')
    })
    const { storage } = freshStore({ fs })
    await expect(append(storage, null, 0)).rejects.toMatchObject({ code: 'storage/read-only' })
    await expect(storage.exclusive(BARS, async () => 1)).rejects.toMatchObject({ code: 'storage/read-only' })
    await expect(storage.writeNote(BARS, 'status', '')).rejects.toMatchObject({ code: 'storage/read-only' })
  })

  test.each(['ENOSPC', 'EIO'])('%s at any one operation loses and doubles nothing', async (code) => {
    const outcomes = new Set<string>()
    for (let n = 1; ; n++) {
      let count = 0
      const { fs } = recordingFs(() => {
        if (++count === n) throw posixError(code)
      })
      const root = freshFolder()
      const storage = createLocalStorage({ root, fs, sleep: async () => {} })
      let head: Snapshot | null = null
      const acknowledged: number[] = []
      for (const first of [0, 100, 40_000, 50]) {
        try {
          head = await append(storage, head, first, 10)
          acknowledged.push(first)
        } catch (error) {
          outcomes.add((error as { code: string }).code)
          head = await createLocalStorage({ root }).head(BARS)
        }
      }
      const after = createLocalStorage({ root })
      let last = await after.head(BARS)
      for (const first of [0, 100, 40_000, 50]) {
        if (!acknowledged.includes(first)) last = await append(after, last, first, 10)
      }
      expect((await after.read(last as Snapshot, { columns: [] })).timestamp.length).toBe(40)
      await after.maintain({ kind: 'repair', series: BARS })
      expect((await after.verify({ deep: true })).issues).toEqual([])
      if (count < n) break
    }
    for (const outcome of outcomes) expect(outcome).toMatch(/^storage\//)
  })
})

describe('a stalled writer', () => {
  test('that wakes after its number was given and removed does not win', async () => {
    const root = freshFolder()
    const { fs } = recordingFs(async ({ op, path }) => {
      if (op !== 'link' || !path.includes('_log') || stalled) return
      stalled = true
      const others = createLocalStorage({ root, history: { everyMs: 0, hourlyMs: 0, dailyMs: 0 } })
      let head = await others.head(BARS)
      for (let i = 0; i < 64; i++) head = await append(others, head, 1_000 + i)
    })
    const quick = createLocalStorage({ root })
    let stalled = true
    const slow = createLocalStorage({ root, fs })
    const first = await append(quick, null, 0)
    stalled = false
    await expect(append(slow, first, 500)).rejects.toMatchObject({ code: 'storage/conflict' })
    const head = (await slow.head(BARS)) as Snapshot
    expect([head.version, head.rows]).toEqual([65, 65])
    expect(readdirSync(`${root}/${FOLDER}/_log`)).not.toContain('00000000000000000002.json')
    expect((await append(slow, head, 500)).rows).toBe(66)
  })
})

describe('a file system without hard links', () => {
  test('keeps commits safe, has no view and says so once', async () => {
    const { fs } = recordingFs(({ op }) => {
      if (op === 'link') throw posixError('ENOTSUP')
    })
    const said: string[] = []
    const { root, storage } = freshStore({ fs, onWarning: ({ code }) => said.push(code) })
    let head: Snapshot | null = null
    for (let i = 0; i < 5; i++) head = await append(storage, head, i)
    expect(said.toSorted()).toEqual(['no-hard-links', 'no-view'])
    expect(readdirSync(`${root}/${FOLDER}`).filter((name) => name.endsWith('.parquet'))).toEqual([])
    expect((await createLocalStorage({ root }).head(BARS))?.rows).toBe(5)
    await expect(append(createLocalStorage({ root, fs }), null, 9)).rejects.toMatchObject({ code: 'storage/conflict' })
    expect((await storage.verify({ deep: true })).ok).toBe(true)
  })
})

describe('a low disk', () => {
  test('is said before it is full, and again after there was room', async () => {
    let [free, now] = [1_000, 1e12]
    const { fs } = recordingFs()
    const said: string[] = []
    const options = { fs: { ...fs, freeBytes: async () => free }, now: () => (now += 5_000) }
    const { storage } = freshStore({ ...options, onWarning: ({ code }) => said.push(code) })
    let head = await append(storage, null, 0)
    head = await append(storage, head, 1)
    expect(said).toEqual(['disk-low'])
    free = 1e9
    head = await append(storage, head, 2)
    free = 1_000
    await append(storage, head, 3)
    expect(said).toEqual(['disk-low', 'disk-low'])
  })
})

describe('version files', () => {
  test('any change of a byte is noticed, and never more than a typed error', async () => {
    const { root, storage } = freshStore()
    let head = await append(storage, null, 0, 5)
    head = await append(storage, head, 5)
    const path = `${root}/${FOLDER}/_log/00000000000000000002.json`
    const sound = readFileSync(path)
    for (let at = 0; at < sound.length; at += 3) {
      const bytes = Buffer.from(sound)
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      writeFileSync(path, bytes)
      await expect(createLocalStorage({ root }).head(BARS), `byte ${at}`).rejects.toMatchObject({
        code: 'storage/corrupt',
      })
    }
    for (const bytes of [
      sound.subarray(0, 40),
      sound.subarray(0, -1),
      Buffer.concat([sound, Buffer.from('\n')]),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, bytes)
      await expect(createLocalStorage({ root }).head(BARS)).rejects.toMatchObject({ code: 'storage/corrupt' })
    }
    writeFileSync(path, sound)
    expect((await createLocalStorage({ root }).head(BARS))?.hash).toBe(head.hash)
    unlinkSync(path)
    expect((await createLocalStorage({ root }).head(BARS))?.version).toBe(1)
  })

  test('of a format from the future are refused', async () => {
    const { root, storage } = freshStore()
    await append(storage, null, 0)
    const path = `${root}/${FOLDER}/_log/00000000000000000001.json`
    const { createHash } = await import('node:crypto')
    const line = `${readFileSync(path, 'utf8').split('\n')[0]?.replace('"format":1', '"format":2')}\n`
    writeFileSync(path, `${line}${createHash('sha256').update(line).digest('hex').slice(0, 32)}\n`)
    const next = createLocalStorage({ root })
    await expect(next.head(BARS)).rejects.toMatchObject({ code: 'storage/unsupported-format' })
    await expect(append(next, null, 1)).rejects.toMatchObject({ code: 'storage/unsupported-format' })
    await expect(next.maintain({ kind: 'repair', series: BARS })).rejects.toMatchObject({
      code: 'storage/unsupported-format',
    })
  })
})
