import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FsPort, type LocalStorageOptions, createLocalStorage, nodeFs } from '../../src/storage/local/index.ts'
import type { Storage } from '../../src/contract/storage.ts'
import { onTestFinished } from 'vitest'

/** A fresh folder that goes with the test. */
export function freshFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'marketlake-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** A store in a fresh folder. */
export function freshStore(options: Partial<LocalStorageOptions> = {}): { root: string; storage: Storage } {
  const root = options.root ?? freshFolder()
  return { root, storage: createLocalStorage({ ...options, root }) }
}

/** Files below a folder with their sizes, by relative path. */
export function filesBelow(folder: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const facts = statSync(join(folder, name), { throwIfNoEntry: false })
    if (facts?.isFile()) found.set(name.replaceAll('\\', '/'), facts.size)
  }
  return found
}

/** The platform's file system without waiting for the disk: for tests of many commits that never lose power. */
export const HASTY_FS: FsPort = { ...nodeFs, fsync: async () => {}, fsyncFolder: async () => {} }
