terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

locals {
  function = "${path.module}/dist/function.zip"
  layer    = "${path.module}/dist/layer.zip"
}

# Terraform compares the hashes of the zips with Lambda's CodeSha256: the same bytes, no change.
resource "aws_lambda_layer_version" "dependencies" {
  layer_name               = "invitation-dependencies"
  filename                 = local.layer
  source_code_hash         = filebase64sha256(local.layer)
  compatible_runtimes      = ["python3.12"]
  compatible_architectures = ["x86_64"]
}

resource "aws_lambda_function" "invitation" {
  function_name    = "invitation"
  filename         = local.function
  source_code_hash = filebase64sha256(local.function)
  layers           = [aws_lambda_layer_version.dependencies.arn]
  runtime          = "python3.12"
  architectures    = ["x86_64"]
  handler          = "app.handler"
  role             = aws_iam_role.invitation.arn
}

resource "aws_iam_role" "invitation" {
  name = "invitation"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.invitation.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
