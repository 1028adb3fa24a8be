// A plugin of the Serverless Framework that refuses commands for AWS without --stage. The default stage is `local`.
// Its functions would look for a Redis and for keys that exist only on one machine. The framework constructs plugins
// before it packages anything or calls AWS.
const toAws = ['deploy', 'remove', 'rollback']

module.exports = class RefuseLocal {
  constructor(serverless) {
    const { commands, isHelpRequest } = serverless.processedInput
    if (isHelpRequest || !toAws.includes(commands[0])) return
    if (serverless.getProvider('aws').getStage() !== 'local') return
    throw new serverless.classes.Error(
      `The stage local is this machine, and nothing of it is on AWS. Name another stage: serverless ${commands.join(' ')} --stage dev`,
    )
  }
}
