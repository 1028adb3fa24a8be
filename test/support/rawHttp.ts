import { connect } from 'node:net'

/** The answer to bytes that were sent: its text, and whether the server closed the connection. */
export interface RawAnswer {
  /** The status of the last answer, or undefined without one. An answer with a status of 1xx does not count. */
  status: number | undefined
  text: string
  closed: boolean
}

/**
 * Sends bytes unchanged and waits for an answer. If they are not a whole request, the sending side ends after 1 s, so that
 * the server knows that nothing follows. After 5 more seconds the wait ends.
 *
 * @param options.isWhole whether the bytes are a whole request. Then it waits up to 30 s and does not end the sending
 *   side, because servers close such a connection even if the answer is only late
 * @throws {Error} if nothing listens on the port
 */
export const sendRaw = (port: number, bytes: string | Buffer, { isWhole = false } = {}): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    let text = ''
    let closed = false
    const socket = connect(port, '127.0.0.1')
    const finish = () => {
      clearTimeout(endTimer)
      clearTimeout(timeout)
      socket.destroy()
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
      resolve({ status: statuses.findLast((status) => status >= 200), text, closed })
    }
    const endTimer = isWhole ? undefined : setTimeout(() => socket.end(), 1000)
    const timeout = setTimeout(finish, isWhole ? 30_000 : 6000)
    socket.on('connect', () => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      // The status is known when the head of a final answer is complete.
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

/** Returns the text of a request. */
export const rawRequest = (line: string, headers: string[] = [], body = ''): string =>
  `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`
