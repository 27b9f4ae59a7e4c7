/** Writes an archive of one file, good or broken on purpose. */
import { crc32 } from '../../src/codecs/parquet/crc32.ts'

export interface ZipFaults {
  readonly name?: string
  readonly files?: number
  readonly crc?: number
  readonly declaredBytes?: number
  readonly method?: number
}

export async function zipOf(text: string | Uint8Array<ArrayBuffer>, faults: ZipFaults = {}): Promise<Uint8Array<ArrayBuffer>> {
  const content = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const packed = new Uint8Array(await new Response(stream).arrayBuffer())
  const name = new TextEncoder().encode(faults.name ?? 'data.csv')
  const facts = { method: faults.method ?? 8, crc: faults.crc ?? crc32(content), packed: packed.length, bytes: faults.declaredBytes ?? content.length, name: name.length }
  const header = (signature: number, length: number, at: number, extra: (view: DataView) => void = () => {}): Uint8Array<ArrayBuffer> => {
    const view = new DataView(new ArrayBuffer(length))
    view.setUint32(0, signature, true)
    view.setUint16(at + 2, facts.method, true)
    view.setUint32(at + 8, facts.crc, true)
    view.setUint32(at + 12, facts.packed, true)
    view.setUint32(at + 16, facts.bytes, true)
    view.setUint16(at + 20, facts.name, true)
    extra(view)
    return new Uint8Array(view.buffer)
  }
  const local = header(0x0403_4b50, 30, 6)
  const directory = header(0x0201_4b50, 46, 8)
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x0605_4b50, true)
  end.setUint16(8, faults.files ?? 1, true)
  end.setUint16(10, faults.files ?? 1, true)
  end.setUint32(12, directory.length + name.length, true)
  end.setUint32(16, local.length + name.length + packed.length, true)
  return new Uint8Array(await new Blob([local, name, packed, directory, name, end]).arrayBuffer())
}
