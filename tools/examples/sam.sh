#!/usr/bin/env bash
# The SAM CLI: `sam build` fills the folders that it deploys, and the handler runs in them.
. "${here:?run.sh starts this}/common.sh"
venv sam aws-sam-cli==1.170.0
export SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$PWD/../sam

version=$(sam --version | sed 's/.* //')
built=.aws-sam/build
keep_wheels

say "sam validate, sam build"
sam validate --lint
sam build
same=$(mktemp -d -p ..)
cp -r "$built" "$same/first"

say "the same from slim build --layout dir"
make build/package
cp app.py build/package
slim build build/package --layout dir -o "$same/dist" --python 3.12 --arch x86_64 --level max --handler app.handler --event event.json
proof "$same/dist/report.json" 1
same_trees "the function" "$built/UploadFunction" "$same/dist/function"
same_trees "the layer" "$built/Dependencies" "$same/dist/layer"

say "the handler in what sam built"
result=$("$tools/lambda-run" "$built/UploadFunction" "$built/Dependencies" "$here/invoke.py" app.handler "$PWD/event.json")
equal "statusCode" "$(jq .statusCode <<<"$result")" 200
equal "the name of the picture" "$(jq -r '.body | fromjson.fields.key' <<<"$result")" cat.jpg

say "sam build again, all dates new, with the wheels that are here now"
touch_all
touch build/package
sam build
same_trees "the second build" "$built" "$same/first"

proven "SAM CLI" "$version" \
  "\`sam build\` with \`BuildMethod: makefile\` for function and layer: the trees are those of \`slim build --layout dir\`, the handler runs in them, and a second build with other dates gives the same"
