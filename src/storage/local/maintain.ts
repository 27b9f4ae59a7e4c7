/**
 * Maintenance of series: one door to its tasks, and the report that they write.
 * @module
 */
import { hasCode } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import type { MaintainReport, MaintainTask } from '../../contract/storage.ts'
import { collectSeries, emptyTrash } from './collect.ts'
import { compactSeries } from './compact.ts'
import { fileFault } from './damage.ts'
import { findSeries } from './layout.ts'
import { repairSeries } from './repair.ts'
import { type Report, startReport } from './report.ts'
import { type Desk, type LocalStore, deskOf } from './store.ts'

/** Compaction begins again so often where another process commits meanwhile. */
const ATTEMPTS = 5

/**
 * Runs a task.
 * @throws {StorageError} `storage/conflict` where other writers were always faster; rejects with `signal.reason`
 */
export async function maintain(store: LocalStore, task: MaintainTask, signal?: AbortSignal): Promise<MaintainReport> {
  signal?.throwIfAborted()
  const { kind, dryRun = false } = task
  if (kind === 'collect') return await collect(store, task, signal)
  const desk = deskOf(store, task.series)
  for (let attempt = 1; ; attempt++) {
    const report = startReport(dryRun)
    try {
      await desk.commits.runExclusive(() => run(store, desk, task, report, signal))
      return { kind, ...report }
    } catch (error) {
      if (hasCode(error, 'storage/conflict') && attempt < ATTEMPTS) continue
      throw await fileFault(store, desk, null, error)
    }
  }
}

async function run(
  store: LocalStore,
  desk: Desk,
  task: MaintainTask,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  if (task.kind === 'repair') await repairSeries(store, desk, report, signal)
  if (task.kind === 'compact') await compactSeries(store, desk, task.partition, report, signal)
}

async function collect(
  store: LocalStore,
  { series, graceMs = store.options.graceMs, dryRun = false }: Extract<MaintainTask, { kind: 'collect' }>,
  signal?: AbortSignal,
): Promise<MaintainReport> {
  const report = startReport(dryRun)
  const all = series === undefined ? await findSeries(store.fs, store.options.root) : [series]
  for (const one of all) {
    signal?.throwIfAborted()
    const desk = deskOf(store, one)
    await desk.commits.runExclusive(() => collectSeries(store, desk, graceMs, report))
  }
  if (series === undefined) await emptyTrash(store, report)
  store.log.info(
    { series: series === undefined ? all.length : seriesKey(series), files: report.filesRemoved },
    'collected',
  )
  return { kind: 'collect', ...report }
}
