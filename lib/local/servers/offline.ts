import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { answersHttp } from './dynamodbServer.ts'
import { freePort } from './ports.ts'
import { type RunOptions, type Server, startServer } from './server.ts'

/**
 * Starts serverless-offline, which emulates API Gateway and Lambda from serverless.yml. It is ready when it answers HTTP.
 *
 * @param env what serverless.yml reads from the environment
 * @param onLine receives its output, without its banners
 */
export async function startOffline({
  port,
  env,
  onLine,
  ...run
}: {
  port: number
  env: NodeJS.ProcessEnv
  onLine: (line: string) => void
} & RunOptions): Promise<Server & { lambdaUrl: string }> {
  const serverless = join(
    dirname(createRequire(import.meta.url).resolve('serverless/package.json')),
    'bin/serverless.js',
  )
  const url = `http://127.0.0.1:${port}`
  const lambdaPort = await freePort()
  const build = `start-${port}`
  const server = await startServer(
    process.execPath,
    [serverless, 'offline', '--httpPort', String(port), '--lambdaPort', String(lambdaPort), '--noSponsor'],
    {
      ...{
        name: 'serverless-offline',
        url,
        port,
        env: { ...env, AISLE_BUILD: build },
        cwd: projectDirectory,
      },
      // A path without a route. A path with one would start a function, which takes longer than this request waits.
      isReady: () => answersHttp(`${url}/-`),
      onLine: (line) => {
        if (!banner.test(line)) onLine(line)
      },
      // The first start after an install reads some thousand files from a cold disk.
      startTimeoutMs: 60_000,
      ...run,
    },
  )
  // serverless-offline ends without the clean-up of serverless-esbuild.
  server.ended.then(() =>
    rmSync(join(projectDirectory, 'node_modules/.cache/aisle', build), { recursive: true, force: true }),
  )
  return { ...server, lambdaUrl: `http://127.0.0.1:${lambdaPort}` }
}

/** Lines that repeat what `npm start` or the functions' own log prints: routes, ports, durations. */
const banner = new RegExp(
  [
    '^\\s*$|^[┌│└]|^ +\\* \\w+: ',
    '^(Starting Offline|Offline \\[|Function names exposed|Configuring Auth|Redirecting auth|Server ready|Scheduling \\[)',
    '^(Running Authorization function .*|[A-Z]+ /\\S* )?\\(λ: \\w+\\)',
  ].join('|'),
)
