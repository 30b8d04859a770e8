#!/usr/bin/env bash
# The Serverless Framework: `serverless package` with slim's zip. No account is asked: all of it happens in a folder.
. "${here:?run.sh starts this}/common.sh"
node_modules serverless
export SLS_TELEMETRY_DISABLED=1 SLS_TRACKING_DISABLED=1 SLS_NOTIFICATIONS_MODE=off SLS_DEPRECATION_NOTIFICATION_MODE=warn

package() {
  make build
  # HOME: it writes a file of settings there.
  HOME=$PWD/.. node_modules/.bin/serverless package
}

# The version of the function in the template: its name and the hash that it tells.
version() {
  jq -r '.Resources | to_entries[] | select(.value.Type == "AWS::Lambda::Version")
    | "\(.key) \(.value.Properties.CodeSha256)"' .serverless/cloudformation-template-update-stack.json
}
keep_wheels

say "serverless package"
package
proof dist/report.json 1
first=$(version)
equal "CodeSha256 in the template" "${first#* }" "$(sha dist/function.zip)"
equal "artifact of the template" "$(jq -r '.Resources.LinksLambdaFunction.Properties.Code.S3Key | split("/")[-1]' \
  .serverless/cloudformation-template-update-stack.json)" function.zip

say "serverless package, all dates new"
touch_all
package
equal "version" "$(version)" "$first"

say "serverless package of a second build from nothing"
rm -rf build dist .serverless ../cache
package
equal "version" "$(version)" "$first"

say "serverless package of changed code"
edit
package
second=$(version)
differ "version" "${second% *}" "${first% *}"
equal "CodeSha256 in the template" "${second#* }" "$(sha dist/function.zip)"

proven "Serverless Framework" "$(node_version serverless)" \
  "\`serverless package\` with \`package.artifact\`: \`CodeSha256\` of the template is that of \`report.json\`; the version keeps its name through new dates and a build from nothing, an edit makes another"
