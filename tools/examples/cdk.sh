#!/usr/bin/env bash
# The AWS CDK: the assets of `cdk synth` are slim's zips, and only an edit gives them another name.
. "${here:?run.sh starts this}/common.sh"
node_modules aws-cdk
export CDK_HOME=$PWD/../cdk CDK_DISABLE_CLI_TELEMETRY=true

synth() {
  make build
  PATH=$PWD/node_modules/.bin:$PATH cdk synth --quiet --no-notices --no-version-reporting --no-path-metadata
}

# asset FILE.zip : the name of the asset with the bytes of dist/FILE.zip, to which the template points.
asset() {
  local found
  found=$(find cdk.out -name 'asset.*.zip' -exec cmp --silent "dist/$1" {} \; -print)
  [ -f "$found" ] || fail "no asset, or several, with the bytes of $1: $found"
  found=${found##*/asset.}
  jq -e --arg key "$found" '[.Resources[].Properties | .Code.S3Key?, .Content.S3Key?] | index($key)' \
    cdk.out/Tickets.template.json >/dev/null || fail "the template does not name $found"
  echo "$found"
}
keep_wheels

say "cdk synth"
synth
proof dist/report.json 1
function=$(asset function.zip) layer=$(asset layer.zip)
template=$(sha256sum <cdk.out/Tickets.template.json)

say "cdk synth, all dates new"
touch_all
synth
equal "asset of the function" "$(asset function.zip)" "$function"
equal "asset of the layer" "$(asset layer.zip)" "$layer"

say "cdk synth of a second build from nothing"
rm -rf build dist cdk.out ../cache
synth
equal "asset of the function" "$(asset function.zip)" "$function"
equal "asset of the layer" "$(asset layer.zip)" "$layer"
equal "template" "$(sha256sum <cdk.out/Tickets.template.json)" "$template"

say "cdk synth of changed code"
edit
synth
differ "asset of the function" "$(asset function.zip)" "$function"
equal "asset of the layer" "$(asset layer.zip)" "$layer"

proven "AWS CDK, aws-cdk-lib" "$(node_version aws-cdk), $(node_version aws-cdk-lib)" \
  "\`cdk synth\`: the assets are the zips, byte for byte; their hashes and the template stay through new dates and a build from nothing, an edit changes the function's alone"
