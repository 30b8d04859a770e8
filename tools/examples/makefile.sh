#!/usr/bin/env bash
# The plain Makefile: created and deployed with the AWS CLI against moto.
. "${here:?run.sh starts this}/common.sh"
venv aws awscli==1.46.3
start_moto

code_sha() { aws lambda get-function-configuration --function-name confirmation --query CodeSha256 --output text; }
layer_of() { aws lambda get-function-configuration --function-name confirmation --query 'Layers[].Arn' --output text; }
layer_sha() {
  aws lambda get-layer-version --layer-name confirmation-deps --version-number "$(layer_of | sed 's/.*://')" \
    --query Content.CodeSha256 --output text
}
keep_wheels

say "make create"
role=$(aws iam create-role --role-name run --assume-role-policy-document '{}' --query Role.Arn --output text)
make create ROLE="$role"
proof dist/report.json 2
equal "CodeSha256 of the function" "$(code_sha)" "$(sha dist/function.zip)"
equal "CodeSha256 of the layer" "$(layer_sha)" "$(sha dist/layer.zip)"
first=$(layer_of)
equal "the layer" "${first##*:}" 1

say "make deploy, nothing changed"
before=$(writes)
make deploy
touch_all
make deploy
equal "requests that change something" "$(writes)" "$before"

say "make deploy, the code changed"
edit
old=$(sha dist/function.zip)
make deploy
differ "function.zip" "$(sha dist/function.zip)" "$old"
equal "CodeSha256 of the function" "$(code_sha)" "$(sha dist/function.zip)"
equal "requests that change something" "$(writes)" $((before + 1))
equal "the layer" "$(layer_of)" "$first"

say "make deploy, a dependency changed, and the upload fails at first"
sed -i 's/^markupsafe==.*/markupsafe==3.0.3/' requirements.txt
if AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 make deploy; then fail "an upload to nowhere succeeded"; fi
make deploy
differ "the layer" "$(layer_of)" "$first"
equal "CodeSha256 of the layer" "$(layer_sha)" "$(sha dist/layer.zip)"
equal "CodeSha256 of the function" "$(code_sha)" "$(sha dist/function.zip)"

version=$(aws --version | sed 's,aws-cli/\([^ ]*\).*,\1,')
proven "AWS CLI, moto" "$version, $(moto_version)" \
  "\`publish-layer-version\` and \`create-function --layers\`: both \`CodeSha256\` are those of \`report.json\`; a second \`make deploy\` sends nothing, an edit the function alone, and what a failed upload left out goes with the next"
