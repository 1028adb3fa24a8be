const remedy =
  'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws sso login'

/**
 * Explains an error of the AWS SDK that the credentials cause: there are none, or AWS refuses them.
 *
 * @returns one sentence with the remedy; undefined for every other error, also for a missing permission
 */
export function explainCredentialsError(error: unknown): string | undefined {
  const { name = '', message = String(error) } = error instanceof Error ? error : {}
  const reason = toReason(error)
  const profile = process.env.AWS_PROFILE ? ` in the profile ${process.env.AWS_PROFILE}` : ''
  if (/^Could not load credentials from any providers/.test(message))
    return `There are no AWS credentials${profile}: ${remedy}`
  // For example, an SSO session has ended.
  if (/CredentialsProvider|TokenProvider/.test(name))
    return `There are no AWS credentials${profile} (${reason}): ${remedy}`
  return refusals.test(name) ? `AWS refuses the credentials (${reason}): ${remedy}` : undefined
}

const refusals =
  /^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|InvalidAccessKeyId|RequestExpired)/

/** Returns the message of an error without the full stop at its end, so that it fits into a sentence. */
export const toReason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().replace(/\.+$/, '')

/** Whether AWS knows the credentials, and they lack a permission. */
export const isAccessDenied = (error: unknown): boolean =>
  error instanceof Error && /^(AccessDenied|NotAuthorized)/.test(error.name)
