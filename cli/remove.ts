import { parseArgs } from 'node:util'
import { serverless } from '../lib/deploy/serverless.ts'
import { asCommand } from '../lib/project/asCommand.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run remove -- --stage STAGE [--region REGION]

Removes a stage from AWS with all that it holds, its catalogue too. Not prod.

Options:
  --stage STAGE    the stage, such as dev
  --region REGION  [default: AWS_REGION, else eu-central-1]
  --help           print this

Exit code: 0 removed; 1 not, or bad usage.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      region: { type: 'string', default: process.env.AWS_REGION || 'eu-central-1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const { stage, region } = values
  if (stage === undefined) throw new SetupError('Name the stage: --stage dev')
  if (stage === 'local')
    throw new SetupError('The stage local is this machine: end npm start, and delete .aisle')
  if (stage === 'prod')
    throw new SetupError(
      'prod is not removed by a command: its table holds the catalogue, and is protected from deletion as the stack is. Whoever means it finds the steps in docs/operations.md, "Taking prod down"',
    )
  console.log("The functions' network interfaces go last, and Lambda takes up to half an hour for them.")
  // Read with the rest of serverless.yml, and of no consequence here.
  const needed = ['--param=tokenIssuer=https://none.invalid']
  const { code } = await serverless(['remove', '--stage', stage, '--region', region, ...needed])
  return code === 0 ? 0 : 1
}

await asCommand(main)
