/**
 * A web server that misbehaves on purpose, on the loopback of this machine: for tests of whatever reads from a network.
 * @module
 */

/** One way to answer. */
export interface FaultyAnswer {
  /** @default 200 */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text, bytes, or a value that is sent as JSON. @default nothing */
  readonly body?: unknown
  /** Milliseconds before the headers. @default 0 */
  readonly delayMs?: number
  /** Ends the connection without an answer. @default false */
  readonly reset?: boolean
  /** Never answers. @default false */
  readonly hang?: boolean
  /** Sends this many bytes of the body, then ends the connection. @default all */
  readonly cutAfterBytes?: number
  /** Says in the headers that the body has this many bytes. @default its length */
  readonly declaredBytes?: number
  /** Sends a gzip stream that grows to this many bytes of spaces. @default none */
  readonly gzipBombBytes?: number
  /** Redirects to this address with status 302. @default none */
  readonly redirect?: string
}

/** What was asked of the server. */
export interface FaultyRequest {
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Epoch milliseconds. */
  readonly atMs: number
}

/** A running server. */
export interface FaultyServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly requests: readonly FaultyRequest[]
  /** Ends every connection and stops. */
  close(): Promise<void>
}

/** Answers in their order, the last one for ever; or a function of the request and its number from 0. */
export type FaultyScript = readonly FaultyAnswer[] | ((request: FaultyRequest, index: number) => FaultyAnswer)

/** The part of a response of the platform that is used here. */
interface Outgoing {
  writeHead(status: number, headers: Record<string, string>): unknown
  write(chunk: Uint8Array): boolean
  end(chunk?: Uint8Array): unknown
  once(event: 'drain', listener: () => void): unknown
  destroy(): unknown
  readonly destroyed: boolean
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (body === undefined) return new Uint8Array(0)
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}

async function bombOf(bytes: number): Promise<Uint8Array> {
  const spaces = new Uint8Array(65_536).fill(0x20)
  let left = bytes
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (left <= 0) return controller.close()
      controller.enqueue(spaces.slice(0, Math.min(left, spaces.length)))
      left -= spaces.length
    },
  })
  return new Uint8Array(await new Response(source.pipeThrough(new CompressionStream('gzip'))).arrayBuffer())
}

async function answer(out: Outgoing, how: FaultyAnswer): Promise<void> {
  if (how.hang === true) return
  if (how.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, how.delayMs))
  if (how.reset === true) return void out.destroy()
  const headers: Record<string, string> = { 'content-type': 'application/json', ...how.headers }
  if (how.redirect !== undefined) {
    out.writeHead(how.status ?? 302, { ...headers, location: how.redirect })
    return void out.end()
  }
  const bomb = how.gzipBombBytes === undefined ? undefined : await bombOf(how.gzipBombBytes)
  if (bomb !== undefined) headers['content-encoding'] = 'gzip'
  const body = bomb ?? bytesOf(how.body)
  headers['content-length'] = String(how.declaredBytes ?? body.byteLength)
  out.writeHead(how.status ?? 200, headers)
  if (how.cutAfterBytes === undefined) return void out.end(body)
  out.write(body.subarray(0, how.cutAfterBytes))
  // The bytes leave first, then the connection breaks.
  setTimeout(() => out.destroy(), 10)
}

/** Starts a server on a free port of the loopback. Needs a platform with `node:http`. */
export async function faultyServer(script: FaultyScript): Promise<FaultyServer> {
  const { createServer } = await import('node:http')
  const requests: FaultyRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
    const request: FaultyRequest = { url: incoming.url ?? '/', headers, atMs: Date.now() }
    const index = requests.push(request) - 1
    const how = typeof script === 'function' ? script(request, index) : script[Math.min(index, script.length - 1)]
    answer(outgoing as Outgoing, how ?? { status: 500 }).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
