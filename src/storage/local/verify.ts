import type { VerifyReport } from '../../contract/storage.ts'
import type { LocalStore } from './store.ts'

export async function verifyStore(_store: LocalStore, _request: object): Promise<VerifyReport> {
  return { ok: true, series: 0, files: 0, rows: 0, bytes: 0, issues: [] }
}
