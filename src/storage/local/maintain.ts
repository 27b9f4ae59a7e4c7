/**
 * Maintenance of a series: one door to its tasks.
 * @module
 */
import type { MaintainReport, MaintainTask } from '../../contract/storage.ts'
import type { Desk, LocalStore } from './store.ts'

export async function maintain(_store: LocalStore, task: MaintainTask, _signal?: AbortSignal): Promise<MaintainReport> {
  return { kind: task.kind, dryRun: task.dryRun ?? false, actions: [], filesWritten: 0, filesRemoved: 0, bytesWritten: 0, bytesRemoved: 0, version: null }
}

export async function dropSeries(_store: LocalStore, _desk: Desk): Promise<void> {}
