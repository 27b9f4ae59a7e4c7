import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contract/storage.ts'
import { type FsPort, createLocalStorage, nodeFs } from '../../src/storage/local/index.ts'
import { BARS, barRun, checkRows } from '../../src/testkit/storage-checks.ts'
import { HASTY_FS, freshStore } from './place.ts'

const FOLDER = 'ohlcv/provider=contract/interval=1m/symbol=BTC-USD'

/** A fast file system that counts the bytes that are read in either way. */
function countingFs(): { fs: FsPort; bytes: { sync: number; async: number } } {
  const bytes = { sync: 0, async: 0 }
  const fs: FsPort = {
    ...HASTY_FS,
    async read(file, target, position) {
      bytes.async += target.length
      return nodeFs.read(file, target, position)
    },
    readSync(file, target, position) {
      bytes.sync += target.length
      return nodeFs.readSync(file, target, position)
    },
  }
  return { fs, bytes }
}

const dataFile = (root: string): string =>
  `${root}/${FOLDER}/_data/${readdirSync(`${root}/${FOLDER}/_data`)[0] as string}`

describe('the way in which files are read', () => {
  test.each([1, 2])('is never synchronous for rows where io is async, at read %d', async (reads) => {
    const { root, storage } = freshStore({ fs: HASTY_FS })
    const head = await storage.commit(BARS, null, { opId: 'a', upsert: barRun(0, 30_000), coverage: [] })
    const { fs, bytes } = countingFs()
    const other = createLocalStorage({ root, fs, io: 'async' })
    await other.head(BARS)
    for (let i = 1; i < reads; i++) await other.read(head, {})
    bytes.sync = 0
    checkRows(await other.read(head, {}), barRun(0, 30_000), 'rows')
    expect(bytes.async).toBeGreaterThan(60_000)
    // The footer is a small fact.
    expect(bytes.sync).toBeLessThan(33_000)
  })

  test('is always synchronous where io is sync, also for a large file that is known', async () => {
    const { root, storage } = freshStore({ fs: HASTY_FS, partition: 'all' })
    const bars = barRun(0, 300_000)
    const upsert = {
      ...bars,
      close: Float64Array.from(bars.timestamp, (_, i) => Math.sqrt(i)),
      volume: Float64Array.from(bars.timestamp, (_, i) => Math.cbrt(i)),
    }
    const head = await storage.commit(BARS, null, { opId: 'a', upsert, coverage: [] })
    expect(head.sizeBytes).toBeGreaterThan(4.5 * 2 ** 20)
    const { fs, bytes } = countingFs()
    const other = createLocalStorage({ root, fs, io: 'sync' })
    for (let i = 0; i < 2; i++) checkRows(await other.read(head, {}), upsert, `read ${i}`)
    expect(bytes.async).toBe(0)
  })
})

describe('what was learnt of a file', () => {
  test('is forgotten once verify finds it damaged', async () => {
    const { root, storage } = freshStore({ fs: HASTY_FS })
    const upsert = barRun(0, 3_000)
    const head = await storage.commit(BARS, null, { opId: 'a', upsert, coverage: [] })
    checkRows(await storage.read(head, {}), upsert, 'rows')
    const path = dataFile(root)
    const bytes = readFileSync(path)
    bytes[20_000] = (bytes[20_000] as number) ^ 1
    writeFileSync(path, bytes)
    expect((await storage.verify({ deep: true })).ok).toBe(false)
    await expect(storage.read(head, {})).rejects.toMatchObject({ code: 'storage/corrupt', path })
  })

  test('is forgotten where a read went wrong, and the file is as it was written', async () => {
    const upsert = barRun(0, 3_000)
    let flipAt = -1
    const fs: FsPort = {
      ...HASTY_FS,
      readSync(file, target, position) {
        const got = nodeFs.readSync(file, target, position)
        const at = flipAt - position
        // Once, and not when the whole file is compared.
        if (flipAt >= 0 && at >= 0 && at < got && position > 0) {
          target[at] = (target[at] as number) ^ 0x02
          flipAt = -1
        }
        return got
      },
    }
    const { root, storage } = freshStore({ fs: HASTY_FS })
    const head = (await storage.commit(BARS, null, { opId: 'a', upsert, coverage: [] })) as Snapshot
    const size = readFileSync(dataFile(root)).length
    let failed = 0
    // The last column is not read before the moment when its header comes in wrong.
    const last = size - 3_000 * 8
    for (let at = last - 2_200; at < last; at += 1) {
      const other = createLocalStorage({ root, fs })
      await other.read(head, { columns: ['open'] })
      flipAt = at
      const isWrong = await other.read(head, { columns: ['volume'] }).then(
        () => false,
        () => true,
      )
      flipAt = -1
      if (!isWrong) continue
      failed++
      const again = await other.read(head, { columns: ['volume'] })
      expect(again['volume'], `byte ${at}`).toEqual(upsert['volume'])
    }
    expect(failed).toBeGreaterThan(0)
  })
})
