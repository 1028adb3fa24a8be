import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { projectFolder } from '../../../lib/project/folder.ts'
import { ownEnv, runCommand } from '../../support/cli.ts'
import { blocksOf } from '../../support/readme.ts'

/** The pages whose commands show what they print, in the order in which they are read. */
const pages = ['README.md', 'docs/local.md', 'docs/import.md', 'docs/cache-command.md']

/** Each of these commands, in order. */
const commands = pages
  .flatMap((page) => blocksOf('console', page))
  .join('')
  .split(/^\$ /m)
  .slice(1)
  .map((text) => {
    const [command = '', ...output] = text.split('\n')
    return { command, output: output.join('\n') }
  })

/** Numbers, times and sizes differ from run to run. */
const comparable = (text: string) =>
  text
    .replace(/\d+(\.\d+)?/g, '0')
    .replace(/\r/g, '')
    .trim()

// No bare client beside it as with the promises about time: the commands themselves fill the machine, and what they print
// has to hold all the same.
test('the commands of the README and of the pages after it print what they say, with npm start as it says', async () => {
  const own = await ownEnv()
  await runCommand('npm', ['start'], own).printed(/Ready after/)
  expect(blocksOf('sh')).toEqual(['npm ci\nnpm start\n', 'npm ci\nnpm test\n'])
  expect(commands.length).toBeGreaterThan(8)
  // One shell for all, as a newcomer has; each command's output between two marks.
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
      cwd: projectFolder,
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
