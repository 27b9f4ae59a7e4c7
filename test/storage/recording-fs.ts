import { type FsPort, nodeFs } from '../../src/storage/local/index.ts'

/** One call of the port. */
export interface Call {
  readonly op: keyof FsPort
  /** Path, or the path under which the file was opened. */
  readonly path: string
  /** Second name of a link or rename. */
  readonly to?: string
}

/** What happens before a call; may throw. */
export type Fault = (call: Call, number: number) => void | Promise<void>

const CHANGES: readonly (keyof FsPort)[] = [
  'open',
  'write',
  'fsync',
  'close',
  'fsyncFolder',
  'link',
  'rename',
  'unlink',
  'makeFolder',
  'removeFolder',
]

/** The platform's file system, which writes down what is done to it and fails where told. */
export function recordingFs(fault: Fault = () => {}): { fs: FsPort; calls: Call[] } {
  const calls: Call[] = []
  const opened = new Map<number, string>()
  const fs: Record<string, unknown> = { ...nodeFs }
  for (const op of Object.keys(nodeFs) as (keyof FsPort)[]) {
    const real = nodeFs[op] as (...args: unknown[]) => unknown
    if (op.endsWith('Sync')) continue
    fs[op] = async (...args: unknown[]) => {
      const path = typeof args[0] === 'number' ? (opened.get(args[0]) ?? '') : String(args[0])
      const call: Call = { op, path, ...(op === 'link' || op === 'rename' ? { to: String(args[1]) } : {}) }
      const isRead = op === 'open' && args[1] === 'read'
      if (CHANGES.includes(op) && !isRead) calls.push(call)
      await fault(call, calls.length)
      const result = await real(...args)
      if (op === 'open') opened.set(result as number, path)
      return result
    }
  }
  return { fs: fs as unknown as FsPort, calls }
}

/** An error as the platform throws it. */
export function posixError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
