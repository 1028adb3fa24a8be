import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { projectDirectory } from '../../project/projectDirectory.ts'
import { beginBuild } from './buildFolder.ts'
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
  const build = await beginBuild(port)
  const server = await startServer(
    process.execPath,
    [serverless, 'offline', '--httpPort', String(port), '--lambdaPort', String(lambdaPort), '--noSponsor'],
    {
      ...{
        name: 'serverless-offline',
        url,
        port,
        env: { ...env, AISLE_BUILD: build.name },
        cwd: projectDirectory,
      },
      // No route has this method. Another request would start a function, which takes longer than this one waits.
      isReady: () => answersHttp(url, 500, 'OPTIONS'),
      onLine: (line) => {
        if (!banner.test(line)) onLine(line)
      },
      // The first start after an install reads some thousand files from a cold disk.
      startTimeoutMs: 60_000,
      ...run,
    },
  ).catch((error) => {
    build.remove()
    throw error
  })
  // serverless-offline ends without the clean-up of serverless-esbuild.
  server.ended.then(build.remove)
  return { ...server, lambdaUrl: `http://127.0.0.1:${lambdaPort}` }
}

/** Lines that repeat what `npm start` or the functions' own log prints: routes, ports, durations. */
const banner = new RegExp(
  [
    '^\\s*$|^[┌│└]|^ +\\* \\w+: ',
    '^(Starting Offline|Offline \\[|Function names exposed|Configuring Auth|Redirecting auth|Server ready|Scheduling \\[)',
    '^HEAD method event detected|^(Running Authorization function .*|[A-Z]+ /\\S* )?\\(λ: \\w+\\)',
  ].join('|'),
)
