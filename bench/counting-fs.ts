/**
 * A file system that counts what is written through it.
 * @module
 */
import { type FsPort, nodeFs } from '../src/storage/local/index.ts'

/** What went through. */
export interface Written {
  bytes: number
  files: number
  fsyncs: number
}

/** The platform's file system with counters. */
export function countingFs(): { readonly fs: FsPort; readonly written: Written } {
  const written: Written = { bytes: 0, files: 0, fsyncs: 0 }
  const fs: FsPort = {
    ...nodeFs,
    async open(path, mode) {
      if (mode === 'create') written.files++
      return nodeFs.open(path, mode)
    },
    async write(file, chunks) {
      const bytes = await nodeFs.write(file, chunks)
      written.bytes += bytes
      return bytes
    },
    async fsync(file) {
      written.fsyncs++
      return nodeFs.fsync(file)
    },
    async fsyncFolder(path) {
      written.fsyncs++
      return nodeFs.fsyncFolder(path)
    },
  }
  return { fs, written }
}
