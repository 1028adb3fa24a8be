import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../../lib/local/servers/server.ts'

// The esbuild of serverless-offline reports a deadlock if serverless-offline ends first.
test('what a server prints is passed on until it is stopped', async () => {
  const lines: string[] = []
  const script = `
    process.on('SIGTERM', () => { console.log('noise of the end'); process.exit() })
    setInterval(() => {}, 1000)
    console.log('ready')`
  const server = await startServer(process.execPath, ['-e', script], {
    ...{ name: 'A server', url: 'http://127.0.0.1', port: 0, isReady: async () => lines.includes('ready') },
    onLine: (line) => lines.push(line),
  })
  onTestFinished(() => server.stop('SIGKILL'))
  await server.stop()
  expect(await server.ended).toBe('ended with code 0')
  expect(lines).toEqual(['ready'])
})
