import { expect, test } from 'vitest'
import { freePort } from '../../lib/local/servers/ports.ts'
import { freshDirectory, pathWith, runScript } from '../support/cli.ts'
import { type DocumentedCommand, documentedCommands } from '../support/documentedCommands.ts'

/** The commands that work on AWS. test/cli/cacheCommand.test.ts runs those of the cache. */
const scripts = ['deploy', 'remove', 'import', 'smoke']
const commands = new Map<string, DocumentedCommand>(
  ['README.md', 'docs/operations.md']
    .flatMap(documentedCommands)
    .filter(({ script }) => scripts.includes(script))
    .map((each) => [each.args.join(' '), each]),
)

test('the documentation names each command that works on AWS', () => {
  expect(new Set([...commands.values()].map(({ script }) => script))).toEqual(new Set(scripts))
})

test.each([...commands.values()])(
  'the documented command takes its arguments: $text',
  async ({ script, args }) => {
    const url = `http://127.0.0.1:${await freePort()}`
    const filled = args.map((arg) => (script === 'smoke' ? arg.replace(/^(URL|https:.*)$/, url) : arg))
    const { code, err } = await runScript(`cli/${script}.ts`, filled, {
      ...{ PATH: pathWith('node'), HOME: freshDirectory(), AWS_REGION: 'eu-central-1' },
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    // All that a command lacks here is an account or a catalogue.
    const lacking = script === 'smoke' ? /: http\S+ does not answer/ : /^There are no AWS credentials: .*\n$/
    if (args.includes('--help')) expect({ code, err }).toEqual({ code: 0, err: '' })
    else expect(err).toMatch(lacking)
  },
)
