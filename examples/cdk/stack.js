const { App, Stack, aws_lambda: lambda } = require("aws-cdk-lib");

class Tickets extends Stack {
  constructor(scope, id, props) {
    super(scope, id, props);

    // The zips go up as they are: the hash of an asset is that of its bytes, and slim makes the same bytes every time.
    const dependencies = new lambda.LayerVersion(this, "Dependencies", {
      code: lambda.Code.fromAsset("dist/layer.zip"),
      compatibleRuntimes: [lambda.Runtime.PYTHON_3_12],
      compatibleArchitectures: [lambda.Architecture.X86_64],
    });

    new lambda.Function(this, "Ticket", {
      code: lambda.Code.fromAsset("dist/function.zip"),
      handler: "app.handler",
      runtime: lambda.Runtime.PYTHON_3_12,
      architecture: lambda.Architecture.X86_64,
      layers: [dependencies],
    });
  }
}

new Tickets(new App(), "Tickets");
