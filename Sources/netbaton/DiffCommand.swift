import Agent
import ArgumentParser
import Plan
import Spec

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Prints what apply would change here; changes nothing and takes no lock.",
    discussion: "Exits 0 if nothing differs, 1 if something does, 2 or more on an error.")

  @OptionGroup var specs: SpecFlags
  @OptionGroup var common: CommonFlags

  @OptionGroup var proof: ProofFlags

  @Option(name: .shortAndLong, help: "How to print it: text or json.")
  var output = OutputFormat.text

  @Flag(help: "Plan as if removing more than half of what is there were allowed.")
  var allowRemoval = false

  func run() async throws {
    try await reporting {
      let wiring = try Wiring(common)
      let reconciler = try wiring.reconciler(kernel: try wiring.kernel(), allowsRemoval: allowRemoval)
      let preparation = try await wiring.prepare(specs.file, reconciler: reconciler)
      let forecast = preparation.plan.isEmpty ? nil : try wiring.terms(proof).forecast(of: preparation)
      switch output {
      case .text:
        try Output.difference(await preparation.text())
        if let forecast { try Output.line("\(forecast)") }
      case .json:
        var document = preparation.document
        document.trial = forecast
        try Output.line(try document.json())
      }
      if !preparation.plan.isEmpty { throw ExitStatus.differs }
    }
  }
}
