// A plugin of the Serverless Framework: without --stage the stage is `local`, whose functions would look on AWS for a
// Redis and for keys that exist on one machine only. Plugins are made before anything is packaged, and before AWS hears of it.
const toAws = ['deploy', 'remove', 'rollback']

module.exports = class RefuseLocal {
  constructor(serverless) {
    const { commands, isHelpRequest } = serverless.processedInput
    if (isHelpRequest || !toAws.includes(commands[0])) return
    if (serverless.getProvider('aws').getStage() !== 'local') return
    throw new serverless.classes.Error(
      `The stage local is this machine, and nothing of it is on AWS. Name another one: serverless ${commands.join(' ')} --stage dev`,
    )
  }
}
