import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { projectDirectory } from '../../../lib/project/projectDirectory.ts'
import { isolatedEnv, runCommand } from '../../support/cli.ts'
import { codeBlocks } from '../../support/readme.ts'

/** The pages with commands and their output, in reading order. */
const pages = ['README.md', 'docs/local.md', 'docs/import.md', 'docs/cache-command.md']

/** All their commands, in order. */
const commands = pages
  .flatMap((page) => codeBlocks('console', page))
  .join('')
  .split(/^\$ /m)
  .slice(1)
  .map((text) => {
    const [command = '', ...output] = text.split('\n')
    return { command, output: output.join('\n') }
  })

/** Replaces numbers, because times and sizes differ from run to run. */
const comparable = (text: string) =>
  text
    .replace(/\d+(\.\d+)?/g, '0')
    .replace(/\r/g, '')
    .trim()

// Unlike the tests of promises about time, this one measures no bare client next to it: the commands themselves load
// the machine, and their output must be right under that load.
test('the commands of the README and of the documentation print what the pages show', async () => {
  const own = await isolatedEnv()
  await runCommand('npm', ['start'], own).waitForOutput(/Ready after/)
  expect(codeBlocks('sh')).toEqual(['npm ci\nnpm start\n', 'npm ci\nnpm test\n'])
  expect(commands.length).toBeGreaterThan(8)
  // One shell for all commands, as for a newcomer. A mark separates the output of the commands.
  const script = commands.map(({ command }) => `echo '@@@'; ${command} 2>&1`).join('\n')
  const { stdout } = await promisify(execFile)(
    'bash',
    [
      '-c',
      script
        .replaceAll('127.0.0.1:3000', `127.0.0.1:${own.PORT}`)
        .replaceAll('.aisle/', `${own.AISLE_HOME}/`),
    ],
    {
      cwd: projectDirectory,
      env: {
        ...process.env,
        AISLE_HOME: own.AISLE_HOME,
        REDIS_URL: `redis://127.0.0.1:${own.AISLE_REDIS_PORT}`,
        DYNAMODB_ENDPOINT: `http://127.0.0.1:${own.AISLE_DYNAMODB_PORT}`,
      },
      timeout: 150_000,
    },
  )
  const printed = stdout.split('@@@\n').slice(1)
  expect(
    printed.map((output, index) => ({ command: commands[index]?.command, output: comparable(output) })),
  ).toEqual(commands.map(({ command, output }) => ({ command, output: comparable(output) })))
})
