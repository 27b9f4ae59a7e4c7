/**
 * A writer that stalls before its version gets its name, while others commit so long that the number is given and removed.
 * @module
 */
import { hasCode } from '../../src/contract/errors.ts'
import { type FsPort, createLocalStorage } from '../../src/storage/local/index.ts'
import { checkHolds } from './check.ts'
import { type Expected, NOTHING, SERIES, STORE_ROOT, after, bars, openWorld, perform } from './world.ts'

/** Runs it. @returns the promises that were broken */
export async function stallWriter(wrap: (fs: FsPort) => FsPort = (fs) => fs): Promise<string[]> {
  const history = { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 3, historyBytes: 0 }
  // Longer than the writer stalls, which is what the grace is for.
  const world = openWorld({ history, graceMs: 1e12 })
  let expected: Expected = NOTHING
  const put = async (first: number, opId: string): Promise<void> => {
    const action = { kind: 'upsert', rows: bars(first, 5, first + 1) } as const
    await perform(world, expected, action, opId)
    expected = after(expected, action)
    world.clock.nowMs += 86_400_000
  }
  for (let i = 0; i < 4; i++) await put(i * 5, `before-${i}`)
  let goOn = (): void => {}
  let reached = (): void => {}
  const stalled = new Promise<void>((resolve) => void (goOn = resolve))
  const isStalled = new Promise<void>((resolve) => void (reached = resolve))
  const stalling = (fs: FsPort): FsPort => ({
    ...fs,
    async link(path, name) {
      if (name.includes('/_log/')) {
        reached()
        await stalled
      }
      await fs.link(path, name)
    },
  })
  const slow = createLocalStorage({
    root: STORE_ROOT,
    fs: stalling(wrap(world.sim)),
    now: () => world.clock.nowMs,
    random: world.random,
    partition: 'month',
    history,
  })
  const head = await slow.head(SERIES)
  const { coverage } = head ?? { coverage: [] }
  const late = slow.commit(SERIES, head, {
    opId: 'late',
    replace: [{ range: { startMs: 0, endMs: 1 }, rows: { timestamp: new BigInt64Array(0) } }],
    coverage,
    meta: { assetClass: 'crypto' },
  })
  const outcome = late.then(
    () => 'acknowledged',
    (error: unknown) => error,
  )
  await isStalled
  for (let i = 4; i < 40; i++) await put(i * 5, `meanwhile-${i}`)
  await world.storage.maintain({ kind: 'collect', series: SERIES })
  goOn()
  const came = await outcome
  const fresh = openWorld({ disk: world.sim.disk, nowMs: world.clock.nowMs, seed: 8, history })
  const broken = (await checkHolds(fresh, expected)).map((what) => `after a stalled writer: ${what}`)
  const now = await fresh.storage.head(SERIES)
  if (came === 'acknowledged' && now?.meta.assetClass !== 'crypto')
    broken.push('a stalled writer was told that its commit stands, which does not')
  else if (came !== 'acknowledged' && !hasCode(came, 'storage/conflict'))
    broken.push(`a stalled writer got ${String(came)}`)
  const versions = (await fresh.storage.history(SERIES)).map(({ version }) => version)
  if (versions.includes(5)) broken.push('a version that was removed is back')
  return broken
}
