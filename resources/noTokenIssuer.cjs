// Replaces the parameter tokenIssuer if it is missing, because the framework's own message does not name it.
module.exports = () => {
  const error = new Error(
    'The parameter tokenIssuer is missing: the issuer of the tokens for writers, as in their claim "iss". ' +
      'Add --param tokenIssuer=https://issuer.example',
  )
  error.stack = error.message
  throw error
}
