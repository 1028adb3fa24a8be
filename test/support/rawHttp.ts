import { connect } from 'node:net'

/** What became of bytes that were sent: the answer as it came, and whether the other end closed the connection. */
export interface RawAnswer {
  /** Of the last answer; undefined where there was none. A 100 is not the last. */
  status: number | undefined
  text: string
  closed: boolean
}

/**
 * Sends bytes as they are, and waits for an answer. Unless they are a whole request, the connection is ended after a
 * second, so that the other end knows that nothing follows; after five more it is given up.
 *
 * @param options.isWhole a whole request is waited for until it is answered, 30 s at most: servers end a connection
 *   whose other side is ended, also where the answer is only late
 * @throws {Error} where nobody listens
 */
export const sendRaw = (port: number, bytes: string | Buffer, { isWhole = false } = {}): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    let text = ''
    let closed = false
    const socket = connect(port, '127.0.0.1')
    const finish = () => {
      clearTimeout(half)
      clearTimeout(late)
      socket.destroy()
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
      resolve({ status: statuses.findLast((status) => status >= 200), text, closed })
    }
    const half = isWhole ? undefined : setTimeout(() => socket.end(), 1000)
    const late = setTimeout(finish, isWhole ? 30_000 : 6000)
    socket.on('connect', () => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      // With its head and the begin of its body it is known what it is.
      if (/HTTP\/1\.1 [2-5]\d\d[\s\S]*\r\n\r\n/.test(text)) setTimeout(finish, 5)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error)
    })
    socket.on('close', () => {
      closed = true
      finish()
    })
  })

/** A request as text, line by line. */
export const rawRequest = (line: string, headers: string[] = [], body = ''): string =>
  `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`
