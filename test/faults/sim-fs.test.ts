import { describe, expect, test } from 'vitest'
import { randomFrom } from './random.ts'
import { type CrashModel, crashDisk } from './sim-disk.ts'
import { type SimFs, createSimFs } from './sim-fs.ts'

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes))

async function put(fs: SimFs, path: string, content: string, synced: boolean): Promise<void> {
  const file = await fs.open(path, 'create')
  await fs.write(file, [new TextEncoder().encode(content)])
  if (synced) await fs.fsync(file)
  await fs.close(file)
}

function crashed(fs: SimFs, model: CrashModel, seed = 1): SimFs {
  return createSimFs(() => 0, crashDisk(fs.disk, model, randomFrom(seed)))
}

describe('the simulated disk', () => {
  test('keeps content and names that were synced', async () => {
    const fs = createSimFs(() => 0)
    await put(fs, '/a', 'one', true)
    await fs.fsyncFolder('/')
    for (const model of ['none', 'all', 'subset', 'prefix'] as const)
      expect(text(crashed(fs, model).peek('/a'))).toBe('one')
  })

  test('loses a name whose folder was not synced, and with a folder all below it', async () => {
    const fs = createSimFs(() => 0)
    await fs.makeFolder('/f')
    await put(fs, '/f/a', 'one', true)
    await fs.fsyncFolder('/f')
    expect(crashed(fs, 'all').paths()).toEqual([])
    expect(crashed(fs, 'none').paths()).toEqual(['/f/a'])
  })

  test('brings a removed name back until its folder was synced', async () => {
    const fs = createSimFs(() => 0)
    await put(fs, '/a', 'one', true)
    await fs.fsyncFolder('/')
    await fs.unlink('/a')
    expect(text(crashed(fs, 'all').peek('/a'))).toBe('one')
    await fs.fsyncFolder('/')
    expect(crashed(fs, 'all').peek('/a')).toBeNull()
  })

  test('cuts or tears content that was not synced', async () => {
    const fs = createSimFs(() => 0)
    await put(fs, '/a', 'content', false)
    await fs.fsyncFolder('/')
    const seen = new Set(Array.from({ length: 60 }, (_, seed) => text(crashed(fs, 'subset', seed).peek('/a'))))
    expect(seen).toContain('')
    expect(seen).toContain('content')
    expect(seen).toContain('\0\0\0\0\0\0\0')
    expect(seen.size).toBeGreaterThan(6)
  })

  test('renames within a folder whole or not at all', async () => {
    const fs = createSimFs(() => 0)
    await put(fs, '/a', 'one', true)
    await put(fs, '/b', 'two', true)
    await fs.fsyncFolder('/')
    await fs.rename('/a', '/b')
    const seen = Array.from({ length: 40 }, (_, seed) => crashed(fs, 'subset', seed)).map((disk) => [
      text(disk.peek('/a')),
      text(disk.peek('/b')),
    ])
    for (const pair of seen)
      expect([
        ['one', 'two'],
        [null, 'one'],
      ]).toContainEqual(pair)
  })

  test('keeps nothing of a file whose sync failed, whatever later syncs say', async () => {
    const fs = createSimFs(() => 0)
    const file = await fs.open('/a', 'create')
    await fs.write(file, [new TextEncoder().encode('one')])
    fs.hooks.before = ({ name }) => {
      if (name === 'fsync') throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    await expect(fs.fsync(file)).rejects.toThrow('EIO')
    fs.hooks = {}
    await fs.fsync(file)
    await fs.fsyncFolder('/')
    expect(text(crashed(fs, 'none').peek('/a'))).toBe('one')
    expect(text(crashed(fs, 'all').peek('/a'))).toBe('')
  })

  test('counts the names of a file, refuses a name that exists, and is full where it is full', async () => {
    const fs = createSimFs(() => 0)
    await put(fs, '/a', 'one', true)
    await fs.link('/a', '/b')
    expect(fs.factsSync('/a')).toMatchObject({ links: 2, sizeBytes: 3 })
    await expect(fs.link('/a', '/b')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(fs.open('/a', 'create')).rejects.toMatchObject({ code: 'EEXIST' })
    fs.capacityBytes = 5
    const file = await fs.open('/c', 'create')
    expect(await fs.write(file, [new Uint8Array(10)])).toBe(2)
    await expect(fs.write(file, [new Uint8Array(1)])).rejects.toMatchObject({ code: 'ENOSPC' })
  })
})
