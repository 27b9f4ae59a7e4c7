/**
 * Appends bars to one series and says each that was acknowledged: `node append.ts <root> <writer> <commits>`.
 * Bars of writers interleave, so that every commit touches what another wrote.
 */
import { hasCode } from '../../../src/contract/errors.ts'
import { createLocalStorage } from '../../../src/storage/local/index.ts'
import { BARS, barsOf } from '../../../src/testkit/storage-checks.ts'

const [root = '', writer = '0', commits = '1', exclusive = 'no'] = process.argv.slice(2)
const storage = createLocalStorage({ root, history: { everyMs: 0, hourlyMs: 0, dailyMs: 0 } })

async function put(bar: number): Promise<void> {
  for (;;) {
    const base = await storage.head(BARS)
    try {
      const change = {
        opId: `bar-${bar}`,
        upsert: barsOf([bar], Number(writer)),
        coverage: base?.coverage ?? [],
        rowsPerYear: 525_600,
      }
      await storage.commit(BARS, base, change)
      return
    } catch (error) {
      if (hasCode(error, 'storage/conflict')) conflicts++
      else if (!hasCode(error, 'storage/snapshot-expired')) throw error
    }
  }
}

let conflicts = 0
for (let i = 0; i < Number(commits); i++) {
  const bar = i * 4 + Number(writer)
  await (exclusive === 'yes' ? storage.exclusive(BARS, () => put(bar)) : put(bar))
  process.stdout.write(`${bar}\n`)
}
process.stdout.write(`conflicts ${conflicts}\n`)
