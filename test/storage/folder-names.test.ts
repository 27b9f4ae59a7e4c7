import { describe, expect, test } from 'vitest'
import { type FsPort, createLocalStorage } from '../../src/storage/local/index.ts'
import { BARS, barRun } from '../../src/testkit/storage-checks.ts'
import { randomFrom } from '../faults/random.ts'
import { type DiskState, crashDisk, emptyDisk } from '../faults/sim-disk.ts'
import { createSimFs } from '../faults/sim-fs.ts'

const NOW_MS = Date.UTC(2024, 5, 15)
const FIRST = { opId: 'first', upsert: barRun(0, 10), coverage: [] }

function open(root: string, disk: DiskState, wrap: (fs: FsPort) => FsPort = (fs) => fs) {
  const fs = createSimFs(() => NOW_MS, disk)
  const clock = { now: () => NOW_MS, random: randomFrom(1), sleep: async () => {} }
  return { fs, storage: createLocalStorage({ root, fs: wrap(fs), ...clock }) }
}

/** What a new process finds after a failure that took every name that was not synced. */
async function versionAfterPowerFailure(root: string, disk: DiskState): Promise<number | undefined> {
  const { storage } = open(root, crashDisk(disk, 'all', randomFrom(1)))
  return (await storage.head(BARS))?.version
}

/** Numbers of folders are given again: to a new folder of the same path, that of the old one. */
const numbersComeAgain = (fs: FsPort): FsPort => {
  const numbers = new Map<string, number>()
  return {
    ...fs,
    factsSync(path) {
      const facts = fs.factsSync(path)
      if (facts === null) return null
      if (!numbers.has(path)) numbers.set(path, 1_000 + numbers.size)
      return { ...facts, inode: numbers.get(path) as number }
    },
  }
}

describe('an acknowledged first version survives a power failure', () => {
  test.each([
    ['a commit', async () => {}],
    ['a lock', (storage: ReturnType<typeof createLocalStorage>) => storage.exclusive(BARS, async () => {})],
    ['a note', (storage: ReturnType<typeof createLocalStorage>) => storage.writeNote(BARS, 'status', '{}')],
  ])('where %s makes the root and the folders above it', async (_, before) => {
    const root = '/srv/data/lake'
    const { fs, storage } = open(root, emptyDisk())
    await before(storage)
    await storage.commit(BARS, null, FIRST)
    expect(await versionAfterPowerFailure(root, fs.disk)).toBe(1)
  })

  test('where the series was dropped, and its new folders have the numbers of the old ones', async () => {
    const { fs, storage } = open('/lake', emptyDisk(), numbersComeAgain)
    await storage.commit(BARS, null, FIRST)
    await storage.drop(BARS)
    await storage.commit(BARS, null, { ...FIRST, opId: 'again' })
    expect(await versionAfterPowerFailure('/lake', fs.disk)).toBe(1)
  })
})
