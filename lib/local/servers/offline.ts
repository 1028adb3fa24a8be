import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { projectFolder } from '../../project/folder.ts'
import { answersHttp } from './dynamodbServer.ts'
import { freePort, type RunOptions, type Server, startServer } from './server.ts'

/**
 * Starts serverless-offline: API Gateway and Lambda on this machine, by serverless.yml. Ready when it answers HTTP.
 *
 * @param env what serverless.yml reads from the environment
 * @param onLine gets what it prints, but for its banners
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
      ...{ name: 'serverless-offline', url, port, env: { ...env, AISLE_BUILD: build }, cwd: projectFolder },
      // By a path without a route: every other one would start a function, which takes longer than this waits.
      isReady: () => answersHttp(`${url}/-`),
      onLine: (line) => {
        if (!banner.test(line)) onLine(line)
      },
      // The first start after an install reads some thousand files from a cold disk.
      patience: 60_000,
      ...run,
    },
  )
  // serverless-offline ends without the clean-up of serverless-esbuild.
  server.ended.then(() =>
    rmSync(join(projectFolder, 'node_modules/.cache/aisle', build), { recursive: true, force: true }),
  )
  return { ...server, lambdaUrl: `http://127.0.0.1:${lambdaPort}` }
}

/** Lines that tell nothing that `npm start` or the functions' own log does not: routes, ports, durations. */
const banner = new RegExp(
  [
    '^\\s*$|^[┌│└]|^ +\\* \\w+: ',
    '^(Starting Offline|Offline \\[|Function names exposed|Configuring Auth|Redirecting auth|Server ready|Scheduling \\[)',
    '^(Running Authorization function .*|[A-Z]+ /\\S* )?\\(λ: \\w+\\)',
  ].join('|'),
)
