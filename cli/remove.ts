import { parseArgs } from 'node:util'
import { checkCredentials } from '../lib/deploy/checkAccount.ts'
import { checkStageName } from '../lib/deploy/checkStageName.ts'
import { findStageRegion } from '../lib/deploy/region.ts'
import { runServerless } from '../lib/deploy/runServerless.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run remove -- --stage STAGE [--region REGION]

Removes a stage from AWS with all its data, including its catalogue. Does not remove prod.

Options:
  --stage STAGE    the stage, for example dev
  --region REGION  the region of the stage  [default: AWS_REGION, else AWS_DEFAULT_REGION,
                   else that of the profile, else eu-central-1]
  --help           print this help

It uses the AWS credentials that the AWS command line uses.
Exit code: 0 removed; 1 not removed, or wrong usage.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const { stage } = values
  if (stage === undefined) throw new SetupError('Name the stage: --stage dev')
  checkStageName(stage, 'stop npm start, and delete .aisle')
  if (stage === 'prod')
    throw new SetupError(
      'This command does not remove prod: its table holds the catalogue, and both table and stack are protected from deletion. To remove it, follow "Taking prod down" in docs/operations.md',
    )
  const region = await findStageRegion(values.region)
  await checkCredentials(region)
  console.log("Lambda removes the functions' network interfaces last, which can take half an hour.")
  // serverless.yml requires this parameter, but its value has no effect here.
  const required = ['--param=tokenIssuer=https://none.invalid']
  const { code } = await runServerless(['remove', '--stage', stage, '--region', region, ...required])
  return code === 0 ? 0 : 1
}

await runMain(main)
