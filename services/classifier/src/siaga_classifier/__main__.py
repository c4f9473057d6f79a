from siaga_classifier.main import main

main()
