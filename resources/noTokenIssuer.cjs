// Read in place of the parameter tokenIssuer where that is missing: the framework's own message does not name it.
module.exports = () => {
  const error = new Error(
    'The parameter tokenIssuer is missing: who issues the tokens of those who may write, as their claim "iss" names it. ' +
      'Add --param tokenIssuer=https://issuer.example',
  )
  error.stack = error.message
  throw error
}
